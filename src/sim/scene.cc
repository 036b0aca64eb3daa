#include "sim/scene.h"

#include <algorithm>

#include "sim/internal/vocabulary.h"

namespace parley::sim {
namespace {

// The share of a window that the sounds from `at` on fill; `at` moves past what is over.
struct Cover {
  double voice = 0;
  double cough = 0;
};
Cover CoverOf(const std::vector<Sound>& sounds, size_t& at, int64_t from_us, int64_t upto_us) {
  while (at < sounds.size() && sounds[at].upto_us <= from_us) ++at;
  Cover cover;
  for (size_t i = at; i < sounds.size() && sounds[i].from_us < upto_us; ++i) {
    const int64_t overlap =
        std::min(upto_us, sounds[i].upto_us) - std::max(from_us, sounds[i].from_us);
    if (overlap <= 0) continue;
    const double share = static_cast<double>(overlap) / static_cast<double>(upto_us - from_us);
    (sounds[i].word.empty() ? cover.cough : cover.voice) += share;
  }
  return cover;
}

// The first sound that ends after this time.
std::vector<Sound>::const_iterator FirstAfter(const std::vector<Sound>& sounds, int64_t at_us) {
  return std::partition_point(sounds.begin(), sounds.end(),
                              [at_us](const Sound& sound) { return sound.upto_us <= at_us; });
}

}  // namespace

void Scene::Say(Sound sound) {
  sound.id = ++ids_;
  voice_.push_back(sound);
}

void Scene::Echo(Sound sound) {
  sound.id = ++ids_;
  echo_.push_back(sound);
}

float Scene::VoiceProbability(int64_t from_us, int64_t upto_us) {
  const int64_t tail_us = int64_t{accuracy_.vad_tail_ms} * 1000;
  Cover voice = CoverOf(voice_, voice_at_, from_us, upto_us);
  if (voice.voice < 0.35 && voice_at_ > 0 && dice_.Chance(0.5)) {
    // The model's memory: it lets go a little after the voice did.
    const Sound& last = voice_[voice_at_ - 1];
    if (!last.word.empty() && from_us - last.upto_us < tail_us) voice.voice = 0.5;
  }
  const Cover echo = CoverOf(echo_, echo_at_, from_us, upto_us);
  bool voiced = voice.voice >= 0.35 && !dice_.Chance(accuracy_.vad_miss);
  if (!voiced && voice.cough >= 0.35) voiced = dice_.Chance(accuracy_.vad_cough);
  if (!voiced && echo.voice >= 0.35) {
    voiced = dice_.Chance(echo_db_ > -20 ? 0.9 : echo_db_ > -26 ? 0.3 : 0.02);
  }
  if (!voiced && voice.voice + voice.cough < 0.1) voiced = dice_.Chance(accuracy_.vad_false);
  const double p = voiced ? dice_.Uniform(0.6, 1) : dice_.Uniform(0, voice.voice > 0 ? 0.4 : 0.2);
  return static_cast<float>(p);
}

// Empty: not heard.
std::string_view Scene::Written(const Sound& sound, const Hearing& how, int64_t upto_us) const {
  Dice luck(Mixed(sound.id, how.pass));
  if (sound.word.empty()) {
    return how.final && luck.Chance(accuracy_.cough_words) ? "thank you" : std::string_view();
  }
  const int64_t heard_us = upto_us - sound.from_us;
  const int64_t length_us = sound.upto_us - sound.from_us;
  if (heard_us < length_us) {
    if (heard_us * 10 < length_us * 6) return {};
    if (!luck.Chance(accuracy_.cut_word_heard)) {
      return luck.Chance(0.5) ? std::string_view() : Pick(kContentWords, luck.Below(1000));
    }
  }
  if (luck.Chance(how.word_wrong)) return Pick(kContentWords, luck.Below(1000));
  return sound.word;
}

std::string Scene::Write(int64_t from_us, int64_t upto_us, const Hearing& how, bool judged) const {
  std::string text;
  const Sound* last = nullptr;
  auto voice = FirstAfter(voice_, from_us);
  auto echo = EchoHeard() ? FirstAfter(echo_, from_us) : echo_.end();
  while (true) {
    const bool more_voice = voice != voice_.end() && voice->from_us < upto_us;
    const bool more_echo = echo != echo_.end() && echo->from_us < upto_us;
    if (!more_voice && !more_echo) break;
    const bool take_voice = more_voice && (!more_echo || voice->from_us <= echo->from_us);
    const Sound& sound = take_voice ? *voice++ : *echo++;
    // A word that began before the stretch is lost.
    if (sound.from_us < from_us) continue;
    const std::string_view word = Written(sound, how, upto_us);
    if (word.empty()) continue;
    if (!text.empty()) text += ' ';
    text += word;
    last = &sound;
  }
  if (!last || !how.final || !judged) return text;
  Dice luck(Mixed(last->id, how.pass + 1));
  const bool stop = luck.Chance(last->ends_turn ? accuracy_.stop_written : accuracy_.stop_invented);
  if (stop) text += last->question ? '?' : '.';
  return text;
}

bool Scene::TurnIsOver(int64_t at_us) const {
  const Sound* last = nullptr;
  for (const std::vector<Sound>* sounds : {&voice_, &echo_}) {
    auto after = std::partition_point(sounds->begin(), sounds->end(), [at_us](const Sound& sound) {
      return sound.from_us < at_us;
    });
    if (after == sounds->begin()) continue;
    const Sound& sound = *std::prev(after);
    if (!last || sound.from_us > last->from_us) last = &sound;
  }
  return last && last->ends_turn;
}

bool Scene::HasWords(int64_t from_us, int64_t upto_us) const {
  for (auto sound = FirstAfter(voice_, from_us); sound != voice_.end() && sound->from_us < upto_us;
       ++sound) {
    if (!sound->word.empty()) return true;
  }
  return false;
}

}  // namespace parley::sim
