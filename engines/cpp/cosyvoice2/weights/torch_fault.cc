#include "cosyvoice2/weights/torch_fault.h"

#include <fmt/format.h>

namespace parley::cosyvoice2 {

std::string_view TorchFaultName(TorchFault fault) {
  constexpr std::string_view kNames[] = {"empty",
                                         "legacy_format",
                                         "not_a_zip",
                                         "no_eocd",
                                         "compressed_member",
                                         "missing_data_pkl",
                                         "byteorder",
                                         "bad_pickle",
                                         "forbidden_opcode",
                                         "forbidden_global",
                                         "missing_storage",
                                         "storage_size",
                                         "out_of_bounds"};
  return kNames[static_cast<size_t>(fault)];
}

tl::unexpected<Error> RefuseTorch(TorchFault fault, std::string_view what) {
  const bool foreign = fault == TorchFault::kLegacyFormat || fault == TorchFault::kByteorder;
  return Fail(foreign ? Code::kUnimplemented : Code::kDataLoss,
              fmt::format("{}: {}", TorchFaultName(fault), what));
}

}  // namespace parley::cosyvoice2
