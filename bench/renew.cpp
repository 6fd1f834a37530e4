// renew_under_writers: how long a renewal takes while 16 connections write under the fence of the same hold.
#include "client.hpp"
#include "database.hpp"
#include "figures.hpp"
#include "store/store.hpp"

#include <atomic>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int writers = 16;

constexpr pg::Statement write_statement{"bench.write", GROOMER_FENCED
                                        ", slow AS MATERIALIZED (SELECT pg_sleep(0.02) FROM fence), "
                                        "written AS (INSERT INTO bench_write SELECT clock_timestamp() FROM slow) "
                                        "SELECT (SELECT count(*) FROM fence), (SELECT count(*) FROM slow)"};

Task<Samples> renewals(Client& client, std::string token, std::size_t n) {
    Samples out;
    SystemClock clock;
    for (std::size_t i = 0; i < n; ++i) {
        co_await clock.sleep_for(50ms);
        auto const start = BootTime::now();
        bool const renewed = co_await client.renew(token);
        out.push_back(ms(BootTime::now() - start));
        if (!renewed) throw std::runtime_error{"the hold was lost"};
    }
    co_return out;
}

// Writes as a tick does, through the store, until told to stop.
void write_on(Database const& database, lock::Hold& hold, std::atomic<bool> const& stop, std::atomic<long>& written) {
    SystemClock clock;
    pg::Pool pool{{database.url(), "", "groomer/bench/writer"}, 1, {}};
    store::Store store{pool, clock, [] {}};
    asio::io_context context{1};
    auto work = [&]() -> Task<> {
        while (!stop) {
            pg::Values none;
            co_await store.write(hold, write_statement, none);
            ++written;
        }
    };
    asio::co_spawn(context, work, [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}

}  // namespace

void renew_under_writers(Setup const& setup, Report& report) {
    Database database{setup.server_url, "renew"};
    database.query("CREATE TABLE bench_write (at timestamptz)");
    Client client{database.url(), "holder"};
    SystemClock clock;
    auto const sent = clock.now();
    auto const grant = client.run(client.take());
    lock::Hold hold{clock, {"groomer", grant.token, grant.term, client.ttl(), milliseconds{0}}, sent, clock.now()};
    auto const wanted = setup.trials(400, 4000);
    auto const alone = client.run(renewals(client, grant.token, 100));
    std::atomic<bool> stop = false;
    std::atomic<long> written = 0;
    std::vector<std::thread> threads;
    std::atomic<int> failed = 0;
    for (int i = 0; i < writers; ++i)
        threads.emplace_back([&] {
            try {
                write_on(database, hold, stop, written);
            } catch (std::exception const&) {
                ++failed;
            }
        });
    std::this_thread::sleep_for(1s);
    Samples samples;
    std::exception_ptr failure;
    long const before = written;
    auto const start = BootTime::now();
    try {
        samples = client.run(renewals(client, grant.token, wanted));
    } catch (...) {
        failure = std::current_exception();
    }
    double const seconds = ms(BootTime::now() - start) / 1000;
    double const rate = static_cast<double>(written - before) / seconds;
    stop = true;
    for (auto& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    if (failed > 0) throw std::runtime_error{"a fenced writer failed"};
    Raw raw{setup, "renew_under_writers"};
    raw.write("alone", 0, alone);
    raw.write("ours", 0, samples);
    report.add({"renew_alone_p50", median(alone), "ms", {}, {}, alone.size(), {}, {}});
    report.add({"renew_under_writers_p50", median(samples), "ms", {}, {}, samples.size(), {}, {}});
    report.add(with_limit({"renew_under_writers_p99", percentile(samples, 0.99), "ms", {}, {}, samples.size(), {}, {}}, 50));
    report.add({"fenced_writes_meanwhile", rate, "1/s", {}, {}, static_cast<std::size_t>(written - before), {}, {}});
}

}  // namespace groomer::bench
