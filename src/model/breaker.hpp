// Keeps us from asking an endpoint that fails: pure, on one thread. After a time one request tries it, and decides for the others.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <string>

namespace groomer::model {

class Breaker {
public:
    // May a request go? The first one after a pause is the trial: while it is under way, for at most `trial`, the others may not.
    bool may_go(BootTime::time_point now, std::chrono::milliseconds trial);

    void succeeded();
    // The trial was not made.
    void untried();
    // It may be better in a moment: several in a row open the breaker, for 30 s at first and at most 10 min.
    void failed(BootTime::time_point now, std::string why);
    // Nothing helps but people (credentials, credit, the model's name): 5 min at once, so that what they mend is seen soon.
    void refused(BootTime::time_point now, std::string why);

    // Nothing may go now; a trial under way counts.
    [[nodiscard]] bool is_open(BootTime::time_point now) const { return state_ != State::closed && now < until_; }
    [[nodiscard]] std::string const& why() const { return why_; }

private:
    enum class State { closed, open, trial };
    void open(BootTime::time_point now, std::chrono::milliseconds pause);

    State state_ = State::closed;
    BootTime::time_point until_{};  // of the pause, or of the trial's right to be the only one
    int in_a_row_ = 0, opened_ = 0;
    std::string why_;
};

}  // namespace groomer::model
