// GET /v1/admin/floors: who has the floor in each live session, as server-sent events for as long
// as somebody looks. Each is one JSON object:
//
//   {now_ms,                      the clock that all …_ms below are of
//    live: [id…],                 every session; one that is not in it is over
//    sessions: [{id, model, opened_ms,
//                floors: [{at_ms, user: "quiet" | "speaking" | "pausing", p, needed_ms,
//                          agent: "silent" | "speaking" | "ducked" | "paused",
//                          preparing, drafting, line}…],
//                turns: [TurnJson (realtime/server_event.h)…]}…]}
//
// where the first brings all that is kept and each later one what is new. A watcher that reads
// slowly gets fewer and longer ones, and misses what the board has forgotten by then.
#pragma once

#include <memory>

#include "base/clock.h"
#include "gateway/job.h"
#include "session/floor_board.h"

namespace parley::gateway {

// Ends with the client, or with the board. Both outlive it.
void StartFloorsJob(std::shared_ptr<net::Exchange> exchange, const session::FloorBoard& board,
                    const Clock& clock, JobTicket ticket);

}  // namespace parley::gateway
