// parley-engine-piper: the voice process. Everything is in piper/engine.h.

#include "engine/sdk.h"
#include "onnx/session.h"
#include "piper/engine.h"

int main(int argc, char** argv) {
  parley::engine::EngineInfo info;
  info.name = "piper";
  info.version = "1.0.0";
  info.runtime = {{"onnxruntime", parley::onnx::RuntimeVersion()}, {"espeak-ng", "1.52"}};
  info.help =
      "Speaks with a Piper voice (a folder with x.onnx and x.onnx.json) on the CPU.\n"
      "Load options: threads, slots, whole_sentences, flow_context, decoder_context.\n"
      "This program is licensed under GPL-3.0-or-later, since it links espeak-ng.";
  parley::piper::PiperModel model(PARLEY_ESPEAK_DATA_DIR);
  return parley::engine::RunEngine(argc, argv, info, model);
}
