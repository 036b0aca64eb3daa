// The older dialect of the Realtime protocol ("beta"), translated at the door: a client that speaks
// it is understood, and is answered in it; everything inside knows the current one only. Names that
// both dialects share pass through, so a beta client may use either. Pure; never throws.
// Thread-safe.
//
// Source: the published OpenAI Realtime schemas of both versions and the migration notes between
// them.
#pragma once

#include <string>
#include <string_view>

namespace parley::realtime {

// A client's message in the current dialect. What is no event of the older one comes back as it is,
// for the parser to judge.
std::string FromBeta(std::string_view message);

// A server's message in the older dialect; empty: it has no such event, send nothing.
std::string ToBeta(std::string message);

// The JSON text of a session alone, as REST requests carry it. Anything else than an object comes
// back as it is.
std::string SessionFromBeta(std::string_view session, bool transcription);
std::string SessionToBeta(std::string_view session);

}  // namespace parley::realtime
