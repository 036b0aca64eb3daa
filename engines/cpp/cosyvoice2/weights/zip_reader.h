// The members of a zip file as PyTorch writes it: all stored, none compressed, so a member is a
// stretch of the file's bytes. Sizes are taken from the central directory, since PyTorch leaves
// them out of the local headers; zip64 is understood. PKWARE's APPNOTE.TXT 6.3. The bytes are
// foreign: every offset and length is checked. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::cosyvoice2 {

// Name → bytes, which lie in `bytes`.
using ZipMembers = std::map<std::string, std::string_view, std::less<>>;

// Refuses with the classes of torch_fault.h up to kCompressedMember.
Result<ZipMembers> ReadZip(std::string_view bytes);

}  // namespace parley::cosyvoice2
