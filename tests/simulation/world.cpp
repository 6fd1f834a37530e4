#include "simulation/world.hpp"

#include <algorithm>
#include <cstdio>

namespace groomer::simulation {

void World::at(Moment moment, std::function<void()> happens) {
    to_come_.push_back({std::max(moment, now_), ++events_, std::move(happens)});
    std::push_heap(to_come_.begin(), to_come_.end(), later);
}

bool World::step(Moment until) {
    if (to_come_.empty() || to_come_.front().moment > until) {
        now_ = std::max(now_, until);
        return false;
    }
    std::pop_heap(to_come_.begin(), to_come_.end(), later);
    auto const event = std::move(to_come_.back());
    to_come_.pop_back();
    now_ = event.moment;
    event.happens();
    return true;
}

void World::tell(std::string_view who, std::string_view what) {
    if (!told_) return;
    char time[32];
    std::snprintf(time, sizeof time, "%11.6f  ", std::chrono::duration<double>(now_.time_since_epoch()).count());
    told_->append(time).append(who);
    told_->append(who.size() < 9 ? 9 - who.size() : 1, ' ').append(what).append("\n");
}

std::string seconds_text(Duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>(duration).count());
    return text;
}

}  // namespace groomer::simulation
