#include "chaos/schedule.hpp"

#include <algorithm>
#include <limits>

namespace groomer::chaos {

Schedule::Schedule(Options const& options, std::vector<Kind> kinds)
    : kinds_{std::move(kinds)},
      random_{options.seed},
      left_{options.rounds > 0 ? options.rounds : std::numeric_limits<int>::max()},
      end_{options.seconds > 0 ? std::chrono::steady_clock::now() + std::chrono::seconds{options.seconds}
                               : std::chrono::steady_clock::time_point::max()} {
    for (auto const& kind : kinds_) first_.push_back(kind.name);
    std::shuffle(first_.begin(), first_.end(), random_);
}

std::optional<std::string> Schedule::next() {
    throw_if_interrupted();
    std::lock_guard const guard{mutex_};
    bool const late = std::chrono::steady_clock::now() >= end_;
    if (left_ == 0 || (late && first_.empty())) return std::nullopt;
    --left_;
    if (!first_.empty()) {
        auto name = first_.back();
        first_.pop_back();
        return name;
    }
    return by_weight();
}

void Schedule::ended(std::string const& name, bool struck) {
    constexpr int most_tries = 4;
    std::lock_guard const guard{mutex_};
    auto& tries = tries_[name];
    tries.struck = tries.struck || struck;
    if (!tries.struck && ++tries.count < most_tries) first_.push_back(name);
}

std::optional<std::string> Schedule::by_weight() {
    int total = 0;
    for (auto const& kind : kinds_) total += kind.weight;
    auto pick = std::uniform_int_distribution{0, total - 1}(random_);
    for (auto const& kind : kinds_)
        if ((pick -= kind.weight) < 0) return kind.name;
    return std::nullopt;
}

}  // namespace groomer::chaos
