#include "pg/session.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace groomer::pg {
namespace {

using namespace std::chrono_literals;

std::string text(Value const& value) { return value.text().value_or("NULL"); }

TEST(BindParameters, PutsEachInItsPlace) {
    EXPECT_EQ(bind_parameters("SELECT $1, $2", {"'a'", "NULL"}), "SELECT 'a', NULL");
    EXPECT_EQ(bind_parameters("$2$1", {"'a'", "'b'"}), "'b''a'");
    EXPECT_EQ(bind_parameters("SELECT 1", {}), "SELECT 1");
    EXPECT_EQ(bind_parameters("", {"'a'"}), "");
}

TEST(BindParameters, TellsTheTwelfthFromTheFirst) {
    std::vector<std::string> values;
    std::string sql, expected;
    for (int i = 1; i <= 12; ++i) {
        values.push_back("'v" + std::to_string(i) + "'");
        sql += "$" + std::to_string(i) + ",";
        expected += values.back() + ",";
    }
    EXPECT_EQ(bind_parameters(sql, values), expected);
    EXPECT_EQ(bind_parameters("$12 $1 $11", values), "'v12' 'v1' 'v11'");
}

TEST(BindParameters, RepeatsAParameterThatIsNamedTwice) { EXPECT_EQ(bind_parameters("$1 = $1::text", {"'a'"}), "'a' = 'a'::text"); }

TEST(BindParameters, DoesNotReadParametersInWhatItPutIn) {
    EXPECT_EQ(bind_parameters("SELECT $1, $2", {"'$2'", "'$1 $9 $'"}), "SELECT '$2', '$1 $9 $'");
}

TEST(BindParameters, RefusesAParameterThatIsNotGiven) {
    for (std::string_view sql : {"$1", "$0", "$3", "$", "$$", "$-1", "$+1", "$ 1", "$a", "$99999999999999999999999999", "$1 $2 $"}) {
        std::vector<std::string> const values = sql == "$1" ? std::vector<std::string>{} : std::vector<std::string>{"'a'", "'b'"};
        EXPECT_THROW(bind_parameters(sql, values), Error) << sql;
    }
}

// As libpq reads it: what stands behind `key`, unquoted.
std::optional<std::string> setting(std::string const& connection, std::string const& key) {
    std::size_t at = connection.starts_with(key + "='") ? 0 : connection.find(" " + key + "='");
    if (at == std::string::npos) return std::nullopt;
    std::string out;
    for (at = connection.find('\'', at) + 1; at < connection.size() && connection[at] != '\''; ++at) {
        if (connection[at] == '\\') ++at;
        out += connection[at];
    }
    return out;
}

TEST(ConnectionString, AddsLimitsAndAsksForThePrimary) {
    auto const used = connection_string({"postgresql://groomer@db.example:5433/backlog", "", "groomer/1/pod"});
    EXPECT_EQ(setting(used, "host"), "db.example");
    EXPECT_EQ(setting(used, "port"), "5433");
    EXPECT_EQ(setting(used, "user"), "groomer");
    EXPECT_EQ(setting(used, "dbname"), "backlog");
    EXPECT_EQ(setting(used, "connect_timeout"), "2");
    EXPECT_EQ(setting(used, "tcp_user_timeout"), "2000");
    EXPECT_EQ(setting(used, "keepalives_idle"), "2");
    EXPECT_EQ(setting(used, "client_encoding"), "UTF8");
    EXPECT_EQ(setting(used, "target_session_attrs"), "read-write");
    EXPECT_EQ(setting(used, "application_name"), "groomer/1/pod");
    EXPECT_EQ(setting(used, "password"), std::nullopt);
}

TEST(ConnectionString, LeavesWhatTheUserSaid) {
    auto const used =
        connection_string({"postgresql://a.example,b.example/x?connect_timeout=9&target_session_attrs=any&sslmode=require", "", "n"});
    EXPECT_EQ(setting(used, "host"), "a.example,b.example");
    EXPECT_EQ(setting(used, "connect_timeout"), "9");
    EXPECT_EQ(setting(used, "target_session_attrs"), "any");
    EXPECT_EQ(setting(used, "sslmode"), "require");
    EXPECT_EQ(setting(used, "tcp_user_timeout"), "2000");
}

TEST(ConnectionString, ReadsAListOfKeysToo) {
    auto const used = connection_string({"host=/run/postgresql dbname='my db' keepalives=0", "", "n"});
    EXPECT_EQ(setting(used, "host"), "/run/postgresql");
    EXPECT_EQ(setting(used, "dbname"), "my db");
    EXPECT_EQ(setting(used, "keepalives"), "0");
}

TEST(ConnectionString, TakesThePasswordOfTheFileWhereTheUrlHasNone) {
    EXPECT_EQ(setting(connection_string({"postgresql://u@h/d", "of the file", "n"}), "password"), "of the file");
    EXPECT_EQ(setting(connection_string({"postgresql://u:of-the-url@h/d", "of the file", "n"}), "password"), "of-the-url");
    EXPECT_EQ(setting(connection_string({"host=h password=of-the-list", "of the file", "n"}), "password"), "of-the-list");
}

TEST(ConnectionString, QuotesWhatWouldEndAValue) {
    std::string const password = R"(it's a \ back' host=elsewhere)";
    auto const used = connection_string({"postgresql://u@h/d", password, "n"});
    EXPECT_EQ(setting(used, "password"), password);
    EXPECT_EQ(setting(connection_string({used, "", "n"}), "password"), password) << "libpq reads the same";
    EXPECT_EQ(setting(connection_string({used, "", "n"}), "host"), "h");
}

TEST(ConnectionString, CutsTheNameToWhatTheServerKeeps) {
    auto const used = connection_string({"postgresql://h/d", "", std::string(63, 'a') + "b"});
    EXPECT_EQ(setting(used, "application_name"), std::string(63, 'a'));
}

TEST(ConnectionString, IsRefusedWithoutBeingShown) {
    for (std::string const url : {"postgresql://u:hunter2@h:5432:x/d?nonsense=hunter2", "hunter2", "password=hunter2 nonsense=1",
                                  "password='hunter2", "postgresql://u:hunter2@[::1/d", "postgresql://u:%zzhunter2@h/d"}) {
        try {
            connection_string({url, "", "n"});
            ADD_FAILURE() << url;
        } catch (Error const& e) {
            EXPECT_EQ(e.code(), ErrorCode::config);
            EXPECT_EQ(std::string{e.what()}.find("hunter2"), std::string::npos) << e.what();
        }
    }
}

TEST(Value, IsTextAsTheServerReadsIt) {
    EXPECT_EQ(text(true), "true");
    EXPECT_EQ(text(false), "false");
    EXPECT_EQ(text(0), "0");
    EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(text(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
    EXPECT_EQ(text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(text("it's"), "it's") << "quoting is the session's";
    EXPECT_EQ(text(std::string_view{"view"}), "view");
    EXPECT_EQ(text(std::string{}), "");
    EXPECT_EQ(text(1500ms), "1500 ms");
    EXPECT_EQ(text(std::chrono::milliseconds{24h}), "86400000 ms");
}

TEST(Value, KeepsEveryBitOfADouble) {
    for (double number : {0.0, 0.1, 1.0 / 3, 1e300, -1e-300, 5e-324, std::numeric_limits<double>::max(), std::nextafter(1.0, 2.0)}) {
        auto const written = text(number);
        EXPECT_EQ(std::strtod(written.c_str(), nullptr), number) << written;
    }
}

TEST(Value, IsNullWhereThereIsNone) {
    EXPECT_FALSE(Value{std::nullopt}.text());
    EXPECT_FALSE(Value{std::optional<std::string>{}}.text());
    EXPECT_FALSE(Value{std::optional<std::chrono::milliseconds>{}}.text());
    EXPECT_EQ(text(std::optional<std::int64_t>{7}), "7");
    EXPECT_EQ(text(std::optional<std::string>{""}), "") << "empty is not null";
    EXPECT_EQ(text(std::optional<std::chrono::milliseconds>{5ms}), "5 ms");
}

TEST(Row, GivesItsFieldsBack) {
    Row const row{{"7", std::nullopt, "t", "f", "0.25", "-9223372036854775808", ""}};
    EXPECT_EQ(row.integer(0), 7);
    EXPECT_TRUE(row.null(1));
    EXPECT_EQ(row.integer(1), 0);
    EXPECT_EQ(row.number(1), 0.0);
    EXPECT_EQ(row.text(1), "");
    EXPECT_EQ(row.maybe(1), std::nullopt);
    EXPECT_FALSE(row.truth(1));
    EXPECT_TRUE(row.truth(2));
    EXPECT_FALSE(row.truth(3));
    EXPECT_EQ(row.number(4), 0.25);
    EXPECT_EQ(row.integer(5), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(row.maybe(6), "");
    EXPECT_FALSE(row.null(6));
    EXPECT_THROW((void)row.text(7), std::out_of_range);
}

TEST(DatabaseError, TellsALostRaceFromAFailure) {
    for (auto state : {"55P03", "57014", "40P01", "40001"}) EXPECT_TRUE((DatabaseError{"", state, false}.lost_race())) << state;
    for (auto state : {"", "23505", "57P01", "25006"}) EXPECT_FALSE((DatabaseError{"", state, false}.lost_race())) << state;
    EXPECT_EQ((DatabaseError{"", "", true}.exit_status()), 4);
}

}  // namespace
}  // namespace groomer::pg
