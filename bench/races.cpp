// races: 8 contenders look at one row, then bid at the same moment; the winner ends its tick at once, while others are still
// bidding. One may win, once, with a higher term than ever before.
#include "client.hpp"
#include "database.hpp"
#include "figures.hpp"

#include "base/digest.hpp"

#include <atomic>
#include <barrier>
#include <random>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int contenders = 8;

struct Win {
    std::int64_t term = 0;
    double held = 0, released = 0;  // by the local clock, in ms: from the reply to the acquire to the sending of the release
};

// How the row looks before a race. All are due.
std::string prepare(std::size_t race) {
    // What prepares a race need not be durable.
    std::string const due =
        "SELECT set_config('synchronous_commit', 'off', true); UPDATE groomer.lock_state SET due_at = clock_timestamp() WHERE lock = "
        "'groomer'; ";
    auto row = [](std::string const& token, std::string const& age) {
        return "INSERT INTO sync_lock VALUES ('groomer', " + token + ", clock_timestamp() - interval '" + age +
               "') ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = excluded.\"syncRunId\", \"acquiredAt\" = excluded.\"acquiredAt\"; ";
    };
    switch (race % 4) {
        case 0: return due + "DELETE FROM sync_lock; SELECT 1";
        case 1: return due + row("'" + make_uuid() + "'", "31 min 1 s") + "SELECT 1";
        case 2: return due + row("NULL", "0 s") + "SELECT 1";
        default: return due + row("'g1|5000|1||dead|00000001|" + make_uuid() + "'", "5.001 s") + "SELECT 1";
    }
}

struct Outcome {
    std::size_t races = 0, won = 0, two_winners = 0, double_ticks = 0, not_rising = 0, not_taken = 0;
};

class Races {
public:
    Races(Setup const& setup, std::size_t count) : database_{setup.server_url, "races"}, count_{count} {
        for (int i = 0; i < contenders; ++i) clients_.push_back(std::make_unique<Client>(database_.url(), std::to_string(i), "groomer", 1));
    }
    Outcome run();

private:
    void judge(std::vector<Win> wins);
    void contend(int index);
    Task<std::optional<Win>> bid_once(Client& client, lock::Bid bid);

    Database database_;
    std::size_t count_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::optional<Win>> wins_ = std::vector<std::optional<Win>>(contenders);
    std::barrier<> gate_{contenders + 1};
    std::atomic<bool> failed_ = false;
    std::atomic<bool> over_ = false;
    std::int64_t last_term_ = 0;
    Outcome outcome_;
};

Task<std::optional<Win>> Races::bid_once(Client& client, lock::Bid bid) {
    auto const grant = co_await client.acquire(bid);
    if (!grant) co_return std::nullopt;
    Win win{grant->term, ms(BootTime::now().time_since_epoch()), 0};
    win.released = ms(BootTime::now().time_since_epoch());
    co_await client.release(grant->token, milliseconds{3'600'000});
    co_return win;
}

void Races::contend(int index) {
    auto& client = *clients_[static_cast<std::size_t>(index)];
    std::mt19937_64 random{static_cast<std::uint64_t>(index)};
    for (;;) {
        gate_.arrive_and_wait();  // the row is prepared
        if (over_) return;
        std::optional<Win> win;
        try {
            client.forget();  // rows that were stamped before the last look would tell of a clock that has stepped
            auto next = client.run(client.look());
            gate_.arrive_and_wait();  // all have looked
            // Some bid at once, some in the midst of the winner's hold, some after it.
            if (random() % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds{random() % 3000});
            if (auto* bid = std::get_if<lock::Bid>(&next)) win = client.run(bid_once(client, *bid));
        } catch (std::exception const& error) {
            if (!failed_.exchange(true)) say(std::string{"  a contender failed: "} + error.what());
        }
        wins_[static_cast<std::size_t>(index)] = win;
        gate_.arrive_and_wait();  // all have bid
    }
}

void Races::judge(std::vector<Win> wins) {
    std::sort(wins.begin(), wins.end(), [](Win const& a, Win const& b) { return a.held < b.held; });
    ++outcome_.races;
    if (wins.empty()) ++outcome_.not_taken;
    for (std::size_t i = 0; i < wins.size(); ++i) {
        ++outcome_.won;
        if (wins[i].term <= last_term_) ++outcome_.not_rising;
        last_term_ = std::max(last_term_, wins[i].term);
        if (i == 0) continue;
        if (wins[i].held < wins[i - 1].released) ++outcome_.two_winners;
        else ++outcome_.double_ticks;
    }
}

Outcome Races::run() {
    std::vector<std::thread> threads;
    for (int i = 0; i < contenders; ++i) threads.emplace_back([this, i] { contend(i); });
    // A first hold, so that the lock is of this cluster; the schema makes it so anyway.
    auto const step = std::max<std::size_t>(count_ / 10, 1);
    for (std::size_t race = 0; race < count_ && !failed_; ++race) {
        database_.query(prepare(race));
        gate_.arrive_and_wait();
        gate_.arrive_and_wait();
        gate_.arrive_and_wait();
        std::vector<Win> wins;
        for (auto const& win : wins_)
            if (win) wins.push_back(*win);
        judge(wins);
        if ((race + 1) % step == 0) say("  " + std::to_string(race + 1) + " of " + std::to_string(count_));
    }
    over_ = true;
    gate_.arrive_and_wait();
    for (auto& thread : threads) thread.join();
    // What the database itself has kept must agree.
    auto const holds = static_cast<std::size_t>(database_.number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'"));
    if (holds != outcome_.won)
        throw std::runtime_error{"the contenders won " + std::to_string(outcome_.won) + " times, the database says " +
                                 std::to_string(holds)};
    outcome_.not_rising +=
        static_cast<std::size_t>(database_.number("SELECT count(*) FROM (SELECT acquired_at, ended_at, lag(ended_at) OVER (ORDER BY term) "
                                                  "AS before FROM groomer.hold WHERE lock = 'groomer') h "
                                                  "WHERE before IS NULL AND ended_at IS NULL OR acquired_at < before"));
    if (failed_) throw std::runtime_error{"a contender got an error"};
    return outcome_;
}

}  // namespace

void races(Setup const& setup, Report& report) {
    Races all{setup, setup.trials(4000, 100'000)};
    auto const outcome = all.run();
    auto const n = outcome.races;
    Raw raw{setup, "races"};
    for (auto const& [name, value] : {std::pair{"won", outcome.won}, std::pair{"not_taken", outcome.not_taken}})
        raw.write(name, 0, static_cast<double>(value));
    auto line = [&](std::string const& name, std::size_t value) {
        report.add(with_limit({name, static_cast<double>(value), "", {}, {}, n, {}, {}}, 0));
    };
    line("races_two_winners", outcome.two_winners);
    line("races_double_ticks", outcome.double_ticks);
    line("races_terms_not_rising", outcome.not_rising);
    line("races_not_taken", outcome.not_taken);
}

}  // namespace groomer::bench
