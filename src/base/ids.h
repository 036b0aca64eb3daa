// Numbers that name things, as types that cannot be mixed up. 0 is "none". TurnIds only grow within
// a session's floor lane; ReplyIds belong to work outside the floor (out-of-band responses, REST).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace parley {

template <class Tag>
struct Id {
  uint64_t value = 0;

  constexpr explicit operator bool() const { return value != 0; }
  constexpr auto operator<=>(const Id&) const = default;
};

using TurnId = Id<struct TurnTag>;
using ReplyId = Id<struct ReplyTag>;
using UtteranceId = Id<struct UtteranceTag>;
using SegmentId = Id<struct SegmentTag>;
using PauseId = Id<struct PauseTag>;
using FlushId = Id<struct FlushTag>;
using SessionId = Id<struct SessionTag>;

}  // namespace parley

template <class Tag>
struct std::hash<parley::Id<Tag>> {
  size_t operator()(parley::Id<Tag> id) const noexcept { return std::hash<uint64_t>{}(id.value); }
};
