// What the status of a real replica tells, where it is not as in most installations.
#include "base/time_text.hpp"
#include "integration/api.hpp"

#include <future>

namespace groomer::test {
namespace {

using namespace std::chrono_literals;

// As another program takes it: by what the database's clock says, or seems to say.
constexpr auto taken_by_another =
    R"sql(INSERT INTO sync_lock (id, "syncRunId", "acquiredAt") VALUES ('groomer', 'of another', clock_timestamp())
ON CONFLICT (id) DO UPDATE SET "syncRunId" = excluded."syncRunId", "acquiredAt" = excluded."acquiredAt")sql";

TEST_F(Api, TellsTheTimeByTheClockThatTellsUntilWhenALockIsHeld) {
    // A database whose clock is an hour behind that of the replica.
    database->query(
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "'SELECT pg_catalog.clock_timestamp() - make_interval(hours => 1)'");
    database->query("ALTER DATABASE " + database->name() + " SET search_path = public, pg_catalog");
    database->query(std::string{"SET search_path = public, pg_catalog; "} + taken_by_another);
    auto const status = ask(port(start()), "/api/status").json();
    ASSERT_TRUE(status.at_pointer("/lock/foreign").as_bool());
    auto const until = parse_time(status.at_pointer("/lock/until").as_string()), now = parse_time(status.at("now").as_string());
    ASSERT_TRUE(until && now);
    EXPECT_GT(*until - *now, 29min);
    EXPECT_LE(*until - *now, 31min);
}

TEST_F(Api, LooksAtTheLockAfterWhatMayTakeLong) {
    auto const to = port(start());
    ASSERT_TRUE(all_groomed());
    std::future<Answer> asked;
    pg::Session blocking{database->options()};
    blocking.transaction([&](pg::Session::Transaction& transaction) {
        transaction.exec("LOCK TABLE groomer.model_call IN ACCESS EXCLUSIVE MODE");
        asked = std::async(std::launch::async, [&] { return ask(to, "/api/status"); });
        ASSERT_TRUE(until([&] {
            return number(
                       "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND "
                       "relation = 'groomer.model_call'::regclass AND a.query LIKE '%sum(input_tokens + output_tokens)%date_trunc%'") > 0;
        }));
        database->query(taken_by_another);
    });
    EXPECT_TRUE(asked.get().json().at_pointer("/lock/foreign").as_bool());
}

}  // namespace
}  // namespace groomer::test
