#include "engine/sdk.h"
#include "tone/tone_model.h"

int main(int argc, char** argv) {
  parley::tone::ToneModel model;
  return parley::engine::RunEngine(
      argc, argv,
      {.name = "tone",
       .version = "1.0.0",
       .help =
           "A voice whose sound encodes its text, one tone a byte: a test instrument. Options of "
           "its load: sample_rate, slots, rtf, delay_ms, chunk_ms, load_ms, fail_load, fault, "
           "fault_after_samples, fault_on_text."},
      model);
}
