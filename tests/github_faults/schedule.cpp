#include "github_faults/schedule.hpp"

#include <algorithm>

namespace groomer::github_faults {

Schedule::Schedule(int groomers_rounds, int writers_rounds, std::uint64_t seed, std::set<std::string> const& only) : random_{seed} {
    for (auto const& kind : all_kinds()) {
        if (!only.empty() && !only.contains(kind.name)) continue;
        if (kind.groomers) groomers_.kinds.push_back(&kind);
        if (kind.writers) writers_.kinds.push_back(&kind);
    }
    groomers_.left = groomers_.kinds.empty() ? 0 : groomers_rounds;
    writers_.left = writers_.kinds.empty() ? 0 : writers_rounds;
    for (auto* sort : {&groomers_, &writers_}) {
        sort->first = sort->kinds;
        std::shuffle(sort->first.begin(), sort->first.end(), random_);
    }
}

Kind const* Schedule::draw(Sort& sort) {
    if (!sort.first.empty()) {
        auto const* kind = sort.first.back();
        sort.first.pop_back();
        return kind;
    }
    std::vector<int> weights;
    for (auto const* kind : sort.kinds) weights.push_back(kind->weight);
    return sort.kinds[static_cast<std::size_t>(std::discrete_distribution<>(weights.begin(), weights.end())(random_))];
}

std::optional<RoundPlan> Schedule::next(bool writers) {
    throw_if_interrupted();
    std::lock_guard const lock{mutex_};
    auto& sort = writers ? writers_ : groomers_;
    if (sort.left == 0) return std::nullopt;
    --sort.left;
    RoundPlan plan{++number_, random_(), {}};
    // Two in a quarter of the rounds, or in all that are left where kinds would not come at all.
    bool const two = random_() % 4 == 0 || sort.first.size() > static_cast<std::size_t>(sort.left);
    for (int i = 0; i < (two ? 2 : 1); ++i) {
        auto const* kind = draw(sort);
        auto const route = kind->routes[random_() % kind->routes.size()];
        plan.faults.emplace_back(kind, Point{route, static_cast<int>(1 + random_() % 3)});
    }
    return plan;
}

std::vector<std::string> Schedule::kinds() const {
    std::vector<std::string> out;
    for (auto const& kind : all_kinds())
        for (auto const* sort : {&groomers_, &writers_})
            if (std::find(sort->kinds.begin(), sort->kinds.end(), &kind) != sort->kinds.end() && (out.empty() || out.back() != kind.name))
                out.push_back(kind.name);
    return out;
}

}  // namespace groomer::github_faults
