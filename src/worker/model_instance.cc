#include "worker/model_instance.h"

#include "base/check.h"
#include "base/log.h"

namespace parley::worker {

ModelInstance::~ModelInstance() = default;

bool ModelInstance::IsLegal(ModelState from, ModelState to) {
  switch (from) {
    case ModelState::kAbsent:
      return to == ModelState::kLoading;
    case ModelState::kLoading:
      return to == ModelState::kWarming || to == ModelState::kDraining || to == ModelState::kFailed;
    case ModelState::kWarming:
      return to == ModelState::kReady || to == ModelState::kDraining || to == ModelState::kFailed;
    case ModelState::kReady:
      return to == ModelState::kDraining || to == ModelState::kFailed;
    case ModelState::kDraining:
      return to == ModelState::kAbsent;
    case ModelState::kFailed:
      return to == ModelState::kAbsent;
  }
  return false;
}

void ModelInstance::Transition(ModelState to, int64_t now_us) {
  PARLEY_CHECK(IsLegal(state_, to));
  log::Info("model_state model={} instance={} from={} to={}", pack.id, id,
            ports::ModelStateName(state_), ports::ModelStateName(to));
  state_ = to;
  since_us_ = now_us;
  counted_ = to == ModelState::kAbsent
                 ? metrics::GaugeLease()
                 : metrics::GaugeLease(metrics_.ModelsIn(ports::ModelStateName(to)));
}

}  // namespace parley::worker
