// What stands in for a thread of a replica: an executor whose work waits until the world lets it run, so that a replica can
// be stopped between any two steps, and be thrown away with everything it has begun.
#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <utility>

namespace groomer::simulation {

namespace asio = boost::asio;

// The timers of a replica live here; only the world polls it.
class Context : public asio::io_context {
public:
    Context() : asio::io_context{1}, work_{get_executor()}, parked_{*this, asio::steady_timer::time_point::max()} {
        parked_.async_wait([](auto) {});
    }
    // Destroys what waits here, coroutines included, while what they refer to still stands.
    void end() {
        work_.reset();
        shutdown();
    }

private:
    asio::executor_work_guard<executor_type> work_;
    asio::steady_timer parked_;
};

class Lane {
public:
    explicit Lane(Context& context) : context_{context} {}
    Lane(Lane const&) = delete;
    Lane& operator=(Lane const&) = delete;

    [[nodiscard]] bool idle() const { return jobs_.empty(); }
    void run_one() {
        auto const job = std::move(jobs_.front());
        jobs_.pop_front();
        running_ = true;
        job->run();
        running_ = false;
    }
    // Destroying a job may bring others: a coroutine is unwound through its executor.
    void drop() {
        while (!jobs_.empty()) {
            auto const job = std::move(jobs_.front());
            jobs_.pop_front();
        }
    }

    // As an io_context's: what is dispatched by what runs here runs at once.
    class Executor {
        using Blocking = asio::execution::blocking_t;

    public:
        Executor(Lane& lane, bool at_once) : lane_{&lane}, at_once_{at_once} {}
        template <class F>
        void execute(F&& work) const {
            using Work = std::decay_t<F>;
            if (at_once_ && lane_->running_) {
                Work now{std::forward<F>(work)};
                std::move(now)();
            } else {
                lane_->jobs_.push_back(std::make_unique<JobOf<Work>>(std::forward<F>(work)));
            }
        }
        asio::execution_context& query(asio::execution::context_t) const noexcept { return lane_->context_; }
        [[nodiscard]] Blocking query(Blocking) const noexcept {
            return at_once_ ? Blocking{asio::execution::blocking.possibly} : Blocking{asio::execution::blocking.never};
        }
        [[nodiscard]] Executor require(Blocking::never_t) const noexcept { return {*lane_, false}; }
        [[nodiscard]] Executor require(Blocking::possibly_t) const noexcept { return {*lane_, true}; }
        friend bool operator==(Executor const&, Executor const&) = default;

    private:
        Lane* lane_;
        bool at_once_;
    };
    Executor executor() { return {*this, true}; }

private:
    struct Job {
        Job() = default;
        Job(Job const&) = delete;
        Job& operator=(Job const&) = delete;
        virtual ~Job() = default;
        virtual void run() = 0;
    };
    template <class F>
    struct JobOf final : Job {
        template <class G>
        explicit JobOf(G&& g) : work{std::forward<G>(g)} {}
        void run() override { std::move(work)(); }
        F work;
    };

    Context& context_;
    std::deque<std::unique_ptr<Job>> jobs_;
    bool running_ = false;
};

}  // namespace groomer::simulation
