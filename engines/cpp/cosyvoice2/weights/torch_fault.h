// Why a checkpoint is refused: a class that tests and callers can name, within a message for
// people. Pure.
#pragma once

#include <string_view>

#include "base/result.h"

namespace parley::cosyvoice2 {

enum class TorchFault {
  kEmpty,             // no bytes at all
  kLegacyFormat,      // the pickle stream of PyTorch before 1.6
  kNotAZip,           // neither, or a zip file whose directory is broken
  kNoEocd,            // the zip file's end is not there: cut
  kCompressedMember,  // compressed or encrypted, where PyTorch stores plainly
  kMissingDataPkl,    // a zip file of something else
  kByteorder,         // written on a big-endian machine
  kBadPickle,         // data.pkl is damaged, or larger than any checkpoint's
  kForbiddenOpcode,   // data.pkl uses what no checkpoint needs
  kForbiddenGlobal,   // data.pkl asks for code
  kMissingStorage,    // a tensor's elements are not in the file
  kStorageSize,       // or are fewer than it says
  kOutOfBounds,       // a tensor reaches beyond its elements
};

// "forbidden_global".
std::string_view TorchFaultName(TorchFault fault);

// kDataLoss, or kUnimplemented for kLegacyFormat and kByteorder. The message is
// "NAME: what".
tl::unexpected<Error> RefuseTorch(TorchFault fault, std::string_view what);

}  // namespace parley::cosyvoice2
