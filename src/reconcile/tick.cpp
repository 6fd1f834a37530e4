#include "reconcile/tick.hpp"

#include <algorithm>

namespace groomer::reconcile {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s;  // with work that was cancelled

}  // namespace

Task<Course> run_tick(TickWatch watch, Tick const& tick, std::shared_ptr<lock::Hold> hold) {
    Course course;
    bool ended = false;
    TaskGroup group{watch.executor, [&](std::string const&, std::exception_ptr error) { course.error = error; }};
    auto body = [&]() -> Task<> { course.result = co_await tick(hold); };
    auto watched = [&, body]() -> Task<> {
        std::exception_ptr error;
        try {
            co_await body();
        } catch (...) {
            error = std::current_exception();
        }
        ended = true;
        watch.changed.notify();
        if (error) std::rethrow_exception(error);
    };
    group.spawn("tick", watched);
    auto const over = watch.clock.now() + watch.max_tick;
    while (!ended) {
        auto const attention = std::min(std::min(hold->deadline(), over), watch.stop_at);
        co_await watch.changed.wait_until(watch.clock, attention);
        if (ended) break;
        auto const now = watch.clock.now();
        if (now >= hold->deadline()) hold->lose(lock::Loss::expired);
        course.overran = now >= over;
        if (hold->loss() != lock::Loss::none || course.overran || now >= watch.stop_at) break;
    }
    if (!ended) {
        hold->wind_down();
        group.cancel();
        auto const until = watch.clock.now() + patience;
        while (!ended && watch.clock.now() < until) co_await watch.changed.wait_until(watch.clock, until);
        if (!ended) hold->lose(lock::Loss::expired);
    }
    co_await group.join();
    co_return course;
}

}  // namespace groomer::reconcile
