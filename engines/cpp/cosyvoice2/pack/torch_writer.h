// Writes a checkpoint in the format of torch.save (zip, protocol 2), which PyTorch and our reader
// read alike. One thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "cosyvoice2/weights/manifest.h"

namespace parley::cosyvoice2 {

// An OrderedDict of the manifest's tensors, made up with `seed`, float32; tied tensors share their
// storage. Written beside the target and renamed. Holds one tensor in memory at a time. Errors:
// kPermissionDenied, kResourceExhausted, kInternal, with the path.
Status WriteTorchFile(const std::filesystem::path& path, const Manifest& manifest, uint64_t seed);

}  // namespace parley::cosyvoice2
