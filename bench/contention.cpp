// contenders: 2 to 64 real loops at one lock that is due again as soon as it is released.
#include "audit.hpp"
#include "client.hpp"
#include "figures.hpp"
#include "reconcile/loop.hpp"

#include "base/digest.hpp"

#include <poll.h>

#include <atomic>
#include <sstream>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

// A replica's lock alone: its loop, its connection for the lock, its notifications; the tick does nothing.
class Contender {
public:
    Contender(std::string const& url, std::string const& pod)
        : locks_{{url, "", "groomer/bench/" + pod}, 1, {}},
          renewals_{{url, "", "groomer/bench/" + pod}, 1, {}},
          identity_{pod, "", make_uuid()},
          store_{lock::make_lock_store(locks_, renewals_, identity_)},
          log_{quiet_, LogLevel::error, Log::Format::json},
          metrics_{metric_options()},
          session_{{url, "", "groomer/bench/" + pod}} {
        reconcile::LoopSettings settings;
        settings.lock = "groomer";
        settings.job = "groom";
        settings.every = milliseconds{0};
        auto tick = [](std::shared_ptr<lock::Hold>) -> Task<reconcile::TickResult> {
            co_return reconcile::TickResult{reconcile::TickOutcome::done, false, true, ""};
        };
        auto const executor = context_.get_executor();
        loop_ = std::make_unique<reconcile::Loop>(
            reconcile::LoopParts{clock_, log_, metrics_, *store_, identity_, executor, executor, std::hash<std::string>{}(pod)}, settings,
            tick);
        session_.listen("groomer_lock");
        listener_ = std::thread{[this] { listen(); }};
        worker_ = std::thread{[this] {
            asio::co_spawn(context_, loop_->run(), [](std::exception_ptr error) {
                if (error) std::rethrow_exception(error);
            });
            context_.run();
        }};
    }
    void stop() {
        asio::post(context_, [this] { loop_->stop(); });
    }
    ~Contender() {
        worker_.join();
        over_ = true;
        listener_.join();
    }
    Contender(Contender const&) = delete;
    Contender& operator=(Contender const&) = delete;

private:
    static metrics::Options metric_options() {
        metrics::Options options;
        options.locks = {"groomer"};
        return options;
    }
    void listen() {
        while (!over_) {
            pollfd descriptor{session_.descriptor(), POLLIN, 0};
            if (::poll(&descriptor, 1, 100) <= 0) continue;
            if (!session_.notifications().empty()) asio::post(context_, [this] { loop_->wake(); });
        }
    }

    SystemClock clock_;
    asio::io_context context_{1};
    pg::Pool locks_, renewals_;
    lock::Identity identity_;
    std::unique_ptr<lock::LockStore> store_;
    std::ostringstream quiet_;
    Log log_;
    metrics::Metrics metrics_;
    pg::Session session_;
    std::unique_ptr<reconcile::Loop> loop_;
    std::atomic<bool> over_ = false;
    std::thread listener_, worker_;
};

struct Level {
    double holds_per_second = 0, p50 = 0, p99 = 0;
    std::size_t holds = 0, overlaps = 0;
};

Level measure(Setup const& setup, Raw& raw, std::size_t count, std::chrono::seconds span) {
    Database database{setup.server_url, "contenders"};
    Audit audit{database};
    std::vector<std::unique_ptr<Contender>> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(std::make_unique<Contender>(database.url(), "c" + std::to_string(i)));
    auto released = wait_for(audit, "groomer", false, 30s);
    auto const warm = BootTime::now() + 1s, end = warm + span;
    Level level;
    Samples samples;
    std::int64_t last_term = released.term;
    while (BootTime::now() < end) {
        auto const next = audit.next(10s);
        if (!next) throw std::runtime_error{"nobody takes the lock"};
        if (!next->held) throw std::runtime_error{"a release without a hold"};
        if (next->term <= last_term) ++level.overlaps;
        last_term = next->term;
        if (BootTime::now() >= warm) samples.push_back((next->received - std::max(released.stamped, released.due)) * 1000);
        auto const after = audit.next(10s);
        if (!after || after->held) {
            ++level.overlaps;  // held twice, or for ever
            break;
        }
        released = *after;
    }
    for (auto& contender : all) contender->stop();
    all.clear();
    level.holds = samples.size();
    level.holds_per_second = static_cast<double>(samples.size()) / static_cast<double>(span.count());
    level.p50 = median(samples);
    level.p99 = percentile(samples, 0.99);
    raw.write(std::to_string(count) + " contenders ms", 0, samples);
    return level;
}

}  // namespace

void contenders(Setup const& setup, Report& report) {
    Raw raw{setup, "contenders"};
    std::size_t overlaps = 0, holds = 0;
    for (std::size_t count : {2, 4, 8, 16, 32, 64}) {
        say("  " + std::to_string(count) + " contenders");
        auto const level = measure(setup, raw, count, std::chrono::seconds{setup.trials(6, 30)});
        auto const name = "contenders_" + std::to_string(count);
        report.add({name + "_holds", level.holds_per_second, "1/s", {}, {}, level.holds, {}, {}});
        report.add({name + "_handover_p50", level.p50, "ms", {}, {}, level.holds, {}, {}});
        report.add({name + "_handover_p99", level.p99, "ms", {}, {}, level.holds, {}, {}});
        overlaps += level.overlaps;
        holds += level.holds;
    }
    report.add(with_limit({"contenders_second_winners", static_cast<double>(overlaps), "", {}, {}, holds, {}, {}}, 0));
}

}  // namespace groomer::bench
