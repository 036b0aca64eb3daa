// Parley's own extension of the Realtime protocol. A client opts in by `x_parley` in
// `session.update`; who does not, never sees an event of it.
//
//   session.x_parley   {playback: bool,   the client ducks, drops and reports what was played
//                       turns: bool,      the client wants an account of each turn
//                       live_words: bool, transcription deltas replace: whole text so far
//                       echo_free: bool,  our sound cannot reach its microphone
//                       burst: bool,      send audio as fast as it is made, without pacing
//                       resume: bool}     keep the session for a while when its line drops
//                      null or {} takes all of it back.
//
//   server → client
//   x_parley.gain      {db, ramp_ms}      what plays is made quieter (−15) or as before (0)
//   x_parley.pause     {item_id, paused}  that item falls silent where it is; paused false: it goes
//                                         on from there, unless it was dropped
//   x_parley.drop      {item_id}          stop playing that item now, forget what is unplayed
//   x_parley.words     {item_id, text}    the user's words so far; later ones replace them
//   x_parley.turn      {response_id, item_id, turn: {…}}  once a turn is over: its waterfall in ms
//                                         after the user's last speech sample, how it was decided
//                                         and what was heard; see TurnJson in server_event.h
//   x_parley.resume    {token, hold_ms,   who connects with ?x_parley_resume=TOKEN at most hold_ms
//                       resumed,          after the line dropped goes on with this session. Sent
//                       complete}         when it is asked for (resumed false), and first of all on
//                                         the new line (true); then comes what was told meanwhile,
//                                         all of it if complete. What the agent was saying ended
//                                         with the line; a question that was still to be answered
//                                         is answered on the new one. An unknown or late token
//                                         opens a new session: session.created comes first.
//   client → server
//   response.create    {response: {x_parley: {interruptible: false}}}  speech meanwhile is heard
//   and
//                      answered afterwards, not obeyed: a legal notice
//   x_parley.played    {item_id, audio_ms}  every 100 ms while sound plays, and at its end:
//                                         then rounded up, else the end was not heard
#pragma once

namespace parley::realtime {

struct XParley {
  bool playback = false;
  bool turns = false;
  bool live_words = false;
  bool echo_free = false;
  bool burst = false;
  bool resume = false;
  bool operator==(const XParley&) const = default;
};

}  // namespace parley::realtime
