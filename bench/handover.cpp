// handover_due, handover_released: from "released, or due, whichever is later" to the next hold, by three real replicas.
#include "audit.hpp"
#include "figures.hpp"
#include "pairs.hpp"
#include "replicas.hpp"

#include <thread>
#include <utility>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int replicas = 3;
constexpr std::size_t warm_up = 20;

// Three replicas on a database of their own, whose grooming is due every `every` after a release.
struct Cluster {
    Cluster(Setup const& setup, std::string const& name, std::string const& every) : database{setup.server_url, name}, audit{database} {
        auto const configuration = write_configuration(scratch, name, database.url(), "{groom_every: " + every + ", sync_every: 1h}");
        for (int i = 1; i <= replicas; ++i) {
            auto const pod = "replica-" + std::to_string(i);
            children.push_back(start_replica(setup, Program::groomer, configuration, pod, scratch.path() / (pod + ".log")));
        }
    }
    Scratch scratch;
    Database database;
    Audit audit;
    std::vector<std::unique_ptr<Child>> children;
};

void add_lines(Setup const& setup, Report& report, std::string const& name, Samples const& samples) {
    Raw raw{setup, name};
    raw.write("ms", 0, samples);
    report.add(with_limit({name + "_p50", median(samples), "ms", {}, {}, samples.size(), {}, {}}, 10));
    report.add(with_limit({name + "_p99", percentile(samples, 0.99), "ms", {}, {}, samples.size(), {}, {}}, 30));
}

}  // namespace

void handover_due(Setup const& setup, Report& report) {
    Cluster cluster{setup, "handover_due", "300ms"};
    auto const wanted = setup.trials(300, 3000);
    Samples samples;
    std::size_t seen = 0;
    for (auto released = wait_for(cluster.audit, "groomer", false, 30s); samples.size() < wanted;) {
        auto const held = wait_for(cluster.audit, "groomer", true, 30s);
        if (++seen > warm_up) samples.push_back((held.received - std::max(released.stamped, released.due)) * 1000);
        released = wait_for(cluster.audit, "groomer", false, 30s);
        if (seen % 100 == 0) say("  " + std::to_string(samples.size()) + " of " + std::to_string(wanted));
    }
    add_lines(setup, report, "handover_due", samples);
}

namespace {

// Grooming that is requested, as by a webhook: every other time while the row is held, so that it is due when it is released,
// and every other time some time after.
class Requested {
public:
    explicit Requested(Setup const& setup) : cluster_{setup, "handover_released", "1h"} { wait_for(cluster_.audit, "groomer", true, 30s); }
    // So many hand-overs from a release.
    Samples block(std::size_t wanted) {
        Samples from_release;
        while (from_release.size() < wanted) {
            bool const during = ++turn_ % 2 == 0;
            double requested = during ? request() : 0;
            auto const released = wait_for(cluster_.audit, "groomer", false, 30s);
            if (!during) {
                std::this_thread::sleep_for(50ms);
                requested = request();
            }
            auto const held = wait_for(cluster_.audit, "groomer", true, 30s);
            auto const took = (held.received - std::max(released.stamped, requested)) * 1000;
            (requested <= released.stamped ? from_release : from_request_).push_back(took);
        }
        return from_release;
    }
    // Those that were requested when nobody held the row.
    [[nodiscard]] Samples const& from_request() const { return from_request_; }

private:
    double request() {
        return cluster_.database.number(
            "WITH made AS (INSERT INTO groomer.request (lock) VALUES ('groomer') RETURNING at) "
            "SELECT extract(epoch FROM at), pg_notify('groomer_lock', 'groomer') FROM made");
    }
    Cluster cluster_;
    std::size_t turn_ = 0;
    Samples from_request_;
};

// Three workers of a queue that lets one job be active at a time, and jobs of 10 ms that all wait: from the completion of one
// to the start of the next, by the times that pg-boss itself keeps.
class Boss {
public:
    explicit Boss(Setup const& setup) : database_{setup.server_url, "handover_boss"} {
        auto const options = R"({"milliseconds": 10})";
        for (int i = 0; i < replicas; ++i)
            workers_.push_back(std::make_unique<Peer>(setup, "pg-boss.mjs", std::vector<std::string>{database_.url(), "lock", options}));
        workers_.front()->ask({{"do", "send"}, {"n", 2000}});
    }
    Samples block(std::size_t wanted) {
        for (;;) {
            auto const rows = database_.query(
                "SELECT extract(epoch FROM started_on - before) * 1000 FROM (SELECT started_on, lag(completed_on) OVER (ORDER BY "
                "started_on) "
                "AS before FROM pgboss.job WHERE state = 'completed') j WHERE before IS NOT NULL ORDER BY started_on OFFSET " +
                std::to_string(seen_));
            if (rows.size() < wanted) {
                std::this_thread::sleep_for(100ms);
                continue;
            }
            seen_ += rows.size();
            Samples out;
            for (auto const& row : rows) out.push_back(row.number(0));
            return out;
        }
    }

private:
    Database database_;
    std::vector<std::unique_ptr<Peer>> workers_;
    std::size_t seen_ = 0;
};

}  // namespace

void handover_released(Setup const& setup, Report& report) {
    Requested requested{setup};
    Boss boss{setup};
    Raw raw{setup, "handover_released_pairs"};
    Samples all;
    bool warm = false;
    auto const rounds = setup.trials(7, 15);
    auto const each = setup.trials(44, 200);
    Series const ours{"ours", [&] {
                          auto samples = requested.block(each);
                          if (std::exchange(warm, true)) all.insert(all.end(), samples.begin(), samples.end());
                          return samples;
                      }};
    auto const pairs = measure_pairs(raw, ours, {{"pg-boss", [&] { return boss.block(8); }}}, rounds);
    add_lines(setup, report, "handover_released", all);
    report.add({"handover_released_p50", pairs.ours, "ms", "pg-boss", pairs.ratios.at("pg-boss"), rounds, {}, {}});
    add_lines(setup, report, "handover_requested", requested.from_request());
}

}  // namespace groomer::bench
