// `parley-engine-cosyvoice2 make-test-pack --size tiny|real [--seed N] [--tokenizer DIR]
// [--max-token-text-ratio N] DIR`: a model folder as the official one, with weights made up. What
// it says is noise, but every file is read and every computation done, by this engine and by the
// official code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"
#include "cosyvoice2/pack/model_shapes.h"

namespace parley::cosyvoice2 {

struct TestPackOptions {
  ModelShape shape;
  uint64_t seed = 0;
  // A folder with vocab.json and merges.txt (or these as .gz) to copy; empty: a vocabulary of our
  // own, of the official size.
  std::filesystem::path tokenizer;
  int64_t max_token_text_ratio = 20;  // speech tokens for each text token, at most
};

// Fills `folder`, which is made if it is not there, with a voice "demo" and a model.toml beside the
// model. Tiny takes 90 MB, real 2.6 GB. Errors: kNotFound (the tokenizer), or what a file could not
// be written for.
Status MakeTestPack(const std::filesystem::path& folder, const TestPackOptions& options);

// `arguments` without the command's name. 0, 1 after a failure, 2 for wrong use.
int RunMakeTestPackCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
