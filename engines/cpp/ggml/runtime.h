// What the engines upon ggml share: the check that this CPU can run it, its log, and its version.
#pragma once

#include <ggml.h>

#include <string>

#include "base/result.h"

namespace parley::ggml {

// ggml is built for x86-64-v3 (Intel since 2013, AMD since 2015); on less it would die of an
// illegal instruction. kFailedPrecondition names what is missing. Call it first.
Status CheckCpu();

// For ggml_log_set, whisper_log_set and llama_log_set: passes what they say on to our log, at debug
// level, and keeps the last error for LastError. They report failures only so. Thread-safe.
void TakeLog(ggml_log_level level, const char* text, void* unused);

// The last error that was reported, for the message of a load that failed; "no reason given" if
// none.
std::string LastError();

// Cores that a pass may use when the options do not say: two at most, for others work here too.
int DefaultThreads();

}  // namespace parley::ggml
