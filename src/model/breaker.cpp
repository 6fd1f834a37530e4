#include "model/breaker.hpp"

#include <algorithm>
#include <utility>

namespace groomer::model {
namespace {

using namespace std::chrono_literals;

constexpr int most_in_a_row = 5;
constexpr std::chrono::milliseconds first_pause = 30s, longest_pause = 10min, pause_for_people = 5min;

}  // namespace

bool Breaker::may_go(BootTime::time_point now, std::chrono::milliseconds trial) {
    if (state_ == State::closed) return true;
    if (now < until_) return false;
    state_ = State::trial;
    until_ = now + trial;
    return true;
}

void Breaker::succeeded() { *this = {}; }

void Breaker::untried() {
    if (state_ != State::trial) return;
    state_ = State::open;
    until_ = {};
}

void Breaker::failed(BootTime::time_point now, std::string why) {
    // What was under way when it opened tells nothing new.
    if (state_ == State::open && now < until_) return;
    why_ = std::move(why);
    if (state_ == State::closed && ++in_a_row_ < most_in_a_row) return;
    open(now, std::min(first_pause * (1 << std::min(opened_++, 5)), longest_pause));
}

void Breaker::refused(BootTime::time_point now, std::string why) {
    why_ = std::move(why);
    open(now, pause_for_people);
}

void Breaker::open(BootTime::time_point now, std::chrono::milliseconds pause) {
    state_ = State::open;
    until_ = now + pause;
}

}  // namespace groomer::model
