// lock_cycle: taking and giving back the lock with nobody in the way.
#include "child.hpp"
#include "client.hpp"
#include "database.hpp"
#include "figures.hpp"
#include "pairs.hpp"

#include <pqxx/pqxx>

namespace groomer::bench {
namespace {

constexpr std::size_t block = 20;  // cycles: short, since what disturbs a measurement comes and goes within seconds

struct Cycles {
    Samples cycle, with_look, acquire, release;
};

Task<Cycles> cycles(Client& client) {
    Cycles out;
    for (std::size_t i = 0; i < block; ++i) {
        auto const looking = BootTime::now();
        auto bid = co_await client.bid();
        auto const start = BootTime::now();
        auto const grant = co_await client.acquire(bid);
        auto const held = BootTime::now();
        if (!grant) throw std::runtime_error{"a free lock was not had"};
        bool const released = co_await client.release(grant->token, milliseconds{0});
        auto const end = BootTime::now();
        if (!released) throw std::runtime_error{"a held lock was not released"};
        out.cycle.push_back(ms(end - start));
        out.with_look.push_back(ms(end - looking));
        out.acquire.push_back(ms(held - start));
        out.release.push_back(ms(end - held));
    }
    co_return out;
}

// The floor: the two smallest statements that take and free a row for one holder and nobody else, each a transaction of its
// own, prepared once, over libpqxx like ours, without coroutines, pools or threads. Anything that is durable, and that tells
// a loser that he has lost, costs these two round trips and two flushes of the log.
struct BareStatements {
    char const *take, *free;
};
constexpr BareStatements bare_row{
    R"(INSERT INTO sync_lock (id, "syncRunId", "acquiredAt") VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING)",
    R"(DELETE FROM sync_lock WHERE id = $1 AND "syncRunId" = $2)"};

// The floor of any lock that keeps a term in a state row, and locks that row first as the protocol must: nothing is judged, recorded
// or told to anybody.
constexpr BareStatements bare_state{
    R"(WITH seen AS (SELECT term FROM groomer.lock_state WHERE lock = $1 AND token IS NULL FOR UPDATE),
taken AS (UPDATE groomer.lock_state s SET token = $2, term = seen.term + 1, clean = false, acquired_at = clock_timestamp()
          FROM seen WHERE s.lock = $1 RETURNING 1)
INSERT INTO sync_lock (id, "syncRunId", "acquiredAt") SELECT $1, $2, clock_timestamp() FROM taken ON CONFLICT DO NOTHING)",
    R"(WITH seen AS (SELECT term FROM groomer.lock_state WHERE lock = $1 AND token = $2 FOR UPDATE),
freed AS (UPDATE groomer.lock_state s SET token = NULL, clean = true, released_at = clock_timestamp(), due_at = clock_timestamp()
          FROM seen WHERE s.lock = $1 RETURNING 1)
DELETE FROM sync_lock USING freed WHERE id = $1 AND "syncRunId" = $2)"};

class Bare {
public:
    Bare(std::string const& url, BareStatements const& statements) : connection_{url} {
        connection_.prepare("take", statements.take);
        connection_.prepare("free", statements.free);
    }
    Samples cycles() {
        Samples out;
        pqxx::nontransaction direct{connection_};
        for (std::size_t i = 0; i < block; ++i) {
            auto const token = "bare-" + std::to_string(i);
            auto const start = BootTime::now();
            auto const taken = direct.exec_prepared("take", "groomer", token).affected_rows();
            auto const freed = direct.exec_prepared("free", "groomer", token).affected_rows();
            out.push_back(ms(BootTime::now() - start));
            if (taken != 1 || freed != 1) throw std::runtime_error{"the bare row was not had"};
        }
        return out;
    }

private:
    pqxx::connection connection_;
};

// The same two statements the way ours go, through a pool and a coroutine. What is left between this and ours is the work of the
// statements themselves.
constexpr pg::Statement take_statement{
    "bench.take",
    R"(INSERT INTO sync_lock (id, "syncRunId", "acquiredAt") VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING 1)",
    pg::bounds_itself, true};
constexpr pg::Statement free_statement{"bench.free", R"(DELETE FROM sync_lock WHERE id = $1 AND "syncRunId" = $2 RETURNING 1)",
                                       pg::bounds_itself, true};

Task<Samples> alike_cycles(pg::Pool& pool) {
    Samples out;
    for (std::size_t i = 0; i < block; ++i) {
        pg::Values const values{"groomer", "alike-" + std::to_string(i)};
        auto const start = BootTime::now();
        auto const taken = co_await pool.run(take_statement, values);
        auto const freed = co_await pool.run(free_statement, values);
        out.push_back(ms(BootTime::now() - start));
        if (taken.size() != 1 || freed.size() != 1) throw std::runtime_error{"the row was not had"};
    }
    co_return out;
}

}  // namespace

void lock_cycle(Setup const& setup, Report& report) {
    // A database each: nobody pays for dead rows that another has left.
    Database own{setup.server_url, "own"}, bare_database{setup.server_url, "bare"}, state_database{setup.server_url, "state"},
        alike_database{setup.server_url, "alike"}, seed_database{setup.server_url, "seed"}, boss_database{setup.server_url, "boss"};
    Client client{own.url(), "cycle"};
    Bare bare{bare_database.url(), bare_row}, with_state{state_database.url(), bare_state};
    pg::Pool alike{{alike_database.url(), "", "groomer/bench/alike"}, 2, {}};
    Peer seed{setup, "seed.mjs", {seed_database.url()}};
    Peer boss{setup, "pg-boss.mjs", {boss_database.url()}};
    Raw raw{setup, "lock_cycle"}, parts{setup, "lock_cycle_parts"};
    std::size_t round = 0;
    Samples with_look;
    Series const ours{"ours", [&] {
                          auto const all = client.run(cycles(client));
                          parts.write("with_look", round, all.with_look);
                          parts.write("acquire", round, all.acquire);
                          parts.write("release", round, all.release);
                          if (round++ > 0) with_look.push_back(median(all.with_look));
                          return all.cycle;
                      }};
    std::vector<Series> const peers{{"bare", [&] { return bare.cycles(); }},
                                    {"bare-state", [&] { return with_state.cycles(); }},
                                    {"bare-alike", [&] { return client.run(alike_cycles(alike)); }},
                                    {"seed", [&] { return seed.samples("cycle", block); }},
                                    {"pg-boss", [&] { return boss.samples("cycle", block); }}};
    auto const pairs = measure_pairs(raw, ours, peers, setup.trials(75, 301));
    report.add(with_ratio_limit({"lock_cycle", pairs.ours, "ms", "bare", pairs.ratios.at("bare"), pairs.rounds, {}, {}}, 1.3));
    report.add(with_ratio_limit({"lock_cycle", pairs.ours, "ms", "seed", pairs.ratios.at("seed"), pairs.rounds, {}, {}}, 0.25));
    for (std::string const peer : {"bare-state", "bare-alike", "pg-boss"})
        report.add({"lock_cycle", pairs.ours, "ms", peer, pairs.ratios.at(peer), pairs.rounds, {}, {}});
    auto const with_look_ratio = median_ratio(with_look, pairs.by_round.at("seed"));
    report.add({"lock_cycle_with_look", median(with_look), "ms", "seed", with_look_ratio, pairs.rounds, {}, {}});
    for (auto const& [name, value] : pairs.peers) report.add({"lock_cycle_of_" + name, value, "ms", {}, {}, pairs.rounds, {}, {}});
}

}  // namespace groomer::bench
