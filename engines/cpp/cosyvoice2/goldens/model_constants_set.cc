// G12, of the models: the steps of the flow, its noise, and the codes of time and place.
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/flow/noise.h"
#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"

namespace parley::cosyvoice2::goldens {
namespace {

constexpr double kExact = 1e-6;
constexpr double kNoise = 5e-6;
constexpr double kTime = 1e-4;
constexpr double kPlace = 1e-5;
constexpr int64_t kMel = 80;
constexpr int64_t kHeadDim = 16;
constexpr int64_t kPlaces = 40;

// Elements [from, from + count) of the noise as torch lays it out, channel after channel.
std::vector<float> Linear(const std::vector<float>& noise, int64_t from, int64_t count) {
  std::vector<float> out(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = from + i;
    out[i] = noise[at % kNoiseFrames * kMel + at / kNoiseFrames];
  }
  return out;
}

class Constants {
 public:
  explicit Constants(const Place& place) : place_(place) {}

  Status Noise() {
    const std::vector<float> noise = MakeFlowNoise();
    PARLEY_TRY_STATUS(Hold("noise_first4096", Linear(noise, 0, 4096), kNoise));
    PARLEY_TRY_STATUS(Hold("noise_last256", Linear(noise, kMel * kNoiseFrames - 256, 256), kNoise));
    constexpr int64_t kFrames = 320;
    return Hold("noise_t0_320", Transpose(std::span(noise).first(kFrames * kMel), kFrames, kMel),
                kNoise);
  }

  Status Times() {
    const FlowTimes times = MakeFlowTimes();
    PARLEY_TRY_STATUS(Hold("t_steps", {times.times.begin(), times.times.end()}, kExact));
    PARLEY_TRY_STATUS(Hold("dt_steps", {times.steps.begin(), times.steps.end()}, kExact));
    PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(place_.root / "flow.json"));
    PARLEY_TRY(const auto flow, Flow::Create(*weights, {.head_dim = kHeadDim}));
    nn::Executor executor(1);
    std::vector<float> codes;
    std::vector<float> embedded;
    for (float t : times.times) {
      nn::Taps taps;
      PARLEY_TRY(const auto vectors, flow->estimator().EmbedTime(executor, t, &taps));
      const std::vector<float>& one = taps["temb"];
      embedded.insert(embedded.end(), one.begin(), one.end());
      const std::vector<float> code = TimeCode(t);
      codes.insert(codes.end(), code.begin(), code.end());
    }
    PARLEY_TRY_STATUS(Hold("sinusoid_steps", codes, kTime));
    return Hold("temb_steps_tiny", embedded, kTime);
  }

  Status Places() {
    return Hold("relpe_T40", PlaceCodes(kPlaces, kPlaces, Encoder::kWidth), kPlace);
  }

  std::vector<Row> rows;

 private:
  Status Hold(const std::string& name, const std::vector<float>& found, double tolerance) {
    PARLEY_TRY(const auto expected, ReadFloats(place_.set, name));
    rows.push_back(Compare("models", name, found, expected, tolerance));
    return {};
  }

  const Place& place_;
};

}  // namespace

Result<std::vector<Row>> RunModelConstants(const Place& place) {
  Constants constants(place);
  PARLEY_TRY_STATUS(constants.Noise());
  PARLEY_TRY_STATUS(constants.Times());
  PARLEY_TRY_STATUS(constants.Places());
  return std::move(constants.rows);
}

}  // namespace parley::cosyvoice2::goldens
