#include "base/log.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

namespace groomer {
namespace {

namespace json = boost::json;

struct LogTest : ::testing::Test {
    json::object line() {
        auto const text = out.str();
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
        EXPECT_TRUE(text.ends_with('\n'));
        return json::parse(text).as_object();
    }
    std::ostringstream out;
    Log log{out, LogLevel::info, Log::Format::json};
};

TEST_F(LogTest, WritesOneObjectALine) {
    log.info("groomed", {{"component", "groom"}, {"term", 7}, {"duration_s", 0.25}, {"dry_run", true}, {"repo", std::string{"o/r"}}});
    auto const object = line();
    EXPECT_TRUE(std::regex_match(object.at("ts").as_string().c_str(), std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"}));
    EXPECT_EQ(object.at("level"), "info");
    EXPECT_EQ(object.at("msg"), "groomed");
    EXPECT_EQ(object.at("component"), "groom");
    EXPECT_EQ(object.at("term"), 7);
    EXPECT_EQ(object.at("duration_s"), 0.25);
    EXPECT_EQ(object.at("dry_run"), true);
    EXPECT_EQ(object.at("repo"), "o/r");
    EXPECT_EQ(object.size(), 8U);
}

TEST_F(LogTest, KeepsWholeNumbersExact) {
    log.info("", {{"least", std::numeric_limits<std::int64_t>::min()}, {"most", std::numeric_limits<std::int64_t>::max()}});
    auto const object = line();
    EXPECT_EQ(object.at("least").as_int64(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(object.at("most").as_int64(), std::numeric_limits<std::int64_t>::max());
}

TEST_F(LogTest, KeepsWhatMustBeOnRecordAtEveryLevel) {
    log.set(LogLevel::error, Log::Format::json);
    log.record("m", {{"component", "audit"}});
    EXPECT_EQ(line().at("level"), "info");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
    auto const levels = {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
    std::ptrdiff_t expected = 4;
    for (auto level : levels) {
        out.str("");
        log.set(level, Log::Format::json);
        log.debug("m");
        log.info("m");
        log.warning("m");
        log.error("m");
        auto const text = out.str();
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), expected--);
    }
    EXPECT_NE(out.str().find(R"("level":"error")"), std::string::npos);
}

TEST_F(LogTest, IsOneValidObjectWhateverStrangersWrote) {
    using namespace std::string_view_literals;
    for (auto text : {"quote \" and \\ back"sv, "line\nfeed\r\n"sv, "nul \0 and bell \a"sv, "\xFF\xFE\xC0\x80\xED\xA0\x80"sv,
                      "\"},{\"level\":\"error\""sv, "\xE2\x80\xA8 line separator"sv, "cut \xF0\x9F"sv}) {
        out.str("");
        log.info(text, {{"title", text}});
        auto const object = line();
        EXPECT_EQ(object.at("level"), "info");
        EXPECT_EQ(object.at("msg"), object.at("title"));
        EXPECT_EQ(object.size(), 4U);
    }
}

TEST_F(LogTest, IsValidJsonForNumbersThatJsonCannotSay) {
    for (double number :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
        out.str("");
        log.info("m", {{"duration_s", number}});
        json::error_code error;
        json::parse(out.str(), error);
        EXPECT_FALSE(error) << out.str();
    }
}

TEST_F(LogTest, ShowsAPersonTimeLevelMessageAndFields) {
    log.set(LogLevel::info, Log::Format::text);
    log.warning("held", {{"lock", "groomer"}, {"term", 7}, {"mine", false}});
    EXPECT_TRUE(std::regex_match(out.str(), std::regex{R"(\S+Z warning held lock=groomer term=7 mine=false\n)"})) << out.str();
}

TEST_F(LogTest, IsOneLineInTextTooWhateverStrangersWrote) {
    log.set(LogLevel::info, Log::Format::text);
    log.info("a\nb", {{"title", "x\r\n2026-01-01T00:00:00.000Z error the database is gone\x1B[2J"}});
    auto const text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 0) << text;
    EXPECT_EQ(text.find('\x1B'), std::string::npos);
}

TEST_F(LogTest, KeepsLinesWholeFromManyThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([this] {
            for (int j = 0; j < 200; ++j) log.info("message", {{"j", j}});
        });
    for (auto& thread : threads) thread.join();
    std::istringstream lines{out.str()};
    int count = 0;
    for (std::string one; std::getline(lines, one); ++count) EXPECT_EQ(json::parse(one).as_object().size(), 4U);
    EXPECT_EQ(count, 800);
}

}  // namespace
}  // namespace groomer
