#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace groomer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::string_view replaced = "\xEF\xBF\xBD";

std::string times(std::size_t count, std::string_view what) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += what;
    return out;
}

// Boost.JSON judges UTF-8 on its own.
bool is_utf8(std::string_view text) {
    boost::system::error_code error;
    boost::json::parse(boost::json::serialize(boost::json::string{text}), error);
    return !error;
}

TEST(CleanText, counts_characters_and_not_bytes) {
    EXPECT_EQ(count_characters(""), 0U);
    EXPECT_EQ(count_characters("a\u00e4\u20ac\xF0\x9F\x90\x9B"), 4U);
}

TEST(CleanText, LeavesGoodTextAsItIs) {
    for (std::string_view good : {"", "plain", "tab\tfeed\nreturn\r\n", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x9B", "\xED\x9F\xBF",
                                  "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBD", "\xC2\xA0"})
        EXPECT_EQ(clean_text(good), good);
}

TEST(CleanText, TurnsControlCharactersIntoSpaces) {
    using namespace std::string_view_literals;
    EXPECT_EQ(clean_text("a\0b"sv), "a b");
    EXPECT_EQ(clean_text("\x01\x08\x0B\x0C\x0E\x1B\x1F\x7F"sv), times(8, " "));
    EXPECT_EQ(clean_text("a\xC2\x80\xC2\x85\xC2\x9Fz"), "a   z");
}

TEST(CleanText, ReplacesEachInvalidByte) {
    struct Case {
        std::string_view text;
        std::size_t replacements;
    };
    for (auto const& [text, replacements] : std::initializer_list<Case>{
             {"\x80", 1},
             {"\xBF\xBF", 2},
             {"\xC0\x80", 2},          // NUL, overlong
             {"\xC1\xBF", 2},          // overlong
             {"\xE0\x9F\xBF", 3},      // overlong
             {"\xF0\x8F\xBF\xBF", 4},  // overlong
             {"\xED\xA0\x80", 3},      // a surrogate
             {"\xED\xBF\xBF", 3},
             {"\xF4\x90\x80\x80", 4},  // past U+10FFFF
             {"\xF5\x80\x80\x80", 4},
             {"\xFE\xFF", 2},
             {"\xC3", 1},  // cut short
             {"\xE2\x82", 2},
             {"\xF0\x9F\x90", 3},
         })
        EXPECT_EQ(clean_text(text), times(replacements, replaced)) << boost::json::serialize(boost::json::string{clean_text(text)});
    EXPECT_EQ(clean_text("\xE2\x82z"), times(2, replaced) + "z") << "what follows a cut sequence is not swallowed";
    EXPECT_EQ(clean_text("\xE2\xC3\xA9"), std::string{replaced} + "\xC3\xA9");
}

TEST(CleanText, GivesValidTextForAnyBytesAndIsContentWithItsOwn) {
    std::mt19937 engine{42};
    // Drawn from the bytes that matter: leads, continuations, controls, ASCII.
    constexpr std::string_view pool = "a\"\\\n\t\x01\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC2\xC3\xDF\xE0\xE2\xED\xEF\xF0\xF3\xF4\xF5\xFF";
    std::uniform_int_distribution<std::size_t> pick{0, pool.size() - 1}, length{0, 12};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto left = length(engine); left > 0; --left) text += pool[pick(engine)];
        auto const clean = clean_text(text);
        ASSERT_TRUE(is_utf8(clean)) << ::testing::PrintToString(text);
        ASSERT_EQ(clean_text(clean), clean) << ::testing::PrintToString(text);
    }
}

TEST(TruncateUtf8, CutsAtTheLastWholeCharacter) {
    std::string const text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x9Bz";  // 1, 2, 3, 4 and 1 bytes
    std::size_t const kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (std::size_t limit = 0; limit < std::size(kept); ++limit)
        EXPECT_EQ(truncate_utf8(text, limit), text.substr(0, kept[limit])) << limit;
    EXPECT_EQ(truncate_utf8(text, 1000), text);
    EXPECT_EQ(truncate_utf8("", 0), "");
}

TEST(Duration, IsAWholeNumberAndAUnit) {
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("1500ms"), 1500ms);
    EXPECT_EQ(parse_duration("30m"), 30min);
    EXPECT_EQ(parse_duration("24h"), 24h);
    EXPECT_EQ(parse_duration("180d"), 24h * 180);
    EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, IsNothingElse) {
    for (std::string_view text :
         {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "5S", "5sec", "1.5s", "1e3s", "0x5s", "5s5s", "5M", "5w", "5us"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, ThatDoesNotFitIsRefusedAndNotWrapped) {
    EXPECT_EQ(parse_duration("9223372036854775807ms"), milliseconds::max());
    for (std::string_view text : {"9223372036854775808ms", "18446744073709551615ms", "18446744073709551616ms", "9223372036854776s",
                                  "106751991168d", "99999999999999999999999999d"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    EXPECT_EQ(parse_duration("106751991167d"), milliseconds{106'751'991'167LL * 86'400'000});
}

TEST(Duration, IsWrittenInTheLargestUnitThatIsExact) {
    EXPECT_EQ(format_duration(0ms), "0s");
    EXPECT_EQ(format_duration(1ms), "1ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(120s), "2m");
    EXPECT_EQ(format_duration(25h), "25h");
    EXPECT_EQ(format_duration(48h), "2d");
    EXPECT_EQ(format_duration(-5s), "0s");
    for (auto duration : {milliseconds{0}, milliseconds{1}, milliseconds{999}, milliseconds{3'600'000}, milliseconds::max()})
        EXPECT_EQ(parse_duration(format_duration(duration)), duration);
}

TEST(Size, IsAWholeNumberOfBytes) {
    EXPECT_EQ(parse_size("512B"), 512U);
    EXPECT_EQ(parse_size("24KiB"), 24U * 1024);
    EXPECT_EQ(parse_size("10MiB"), 10U * 1024 * 1024);
    EXPECT_EQ(parse_size("0B"), 0U);
    for (std::string_view text : {"", "512", "KiB", "-1B", "+1B", "1KB", "1kib", "1 KiB", "1.5MiB", "1GiB", "1BB"})
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Size, ThatDoesNotFitIsRefusedAndNotWrapped) {
    EXPECT_EQ(parse_size("9007199254740991KiB"), 9'007'199'254'740'991U * 1024);
    for (std::string_view text :
         {"9007199254740992KiB", "8796093022208MiB", "18014398509481984KiB", "17592186044416MiB", "18446744073709551616B"})
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(FormatTime, IsRfc3339InUtcWithMilliseconds) {
    auto at = [](std::int64_t ms) { return std::chrono::system_clock::time_point{milliseconds{ms}}; };
    EXPECT_EQ(format_time(at(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(at(7)), "1970-01-01T00:00:00.007Z");
    EXPECT_EQ(format_time(at(1'709'210'096'050)), "2024-02-29T12:34:56.050Z");
    EXPECT_EQ(format_time(at(4'102'444'799'999)), "2099-12-31T23:59:59.999Z");
}

TEST(FormatTime, CountsFromBelowBeforeTheEpochToo) {
    EXPECT_EQ(format_time(std::chrono::system_clock::time_point{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(OneLine, IsForTerminals) {
    EXPECT_EQ(one_line("a\n\tb  c\x1b[31m\x7f", 100), "a b c [31m");
    EXPECT_EQ(one_line("", 10), "");
    EXPECT_EQ(one_line("0123456789", 10), "0123456789");
    EXPECT_EQ(one_line("0123456789a", 10), "0123456789… (11 bytes)");
    EXPECT_EQ(one_line(std::string(1'000'000, 'x'), 5), "xxxxx… (1000000 bytes)");
    EXPECT_EQ(one_line("aaaa\xC3\xA9", 5), "aaaa… (6 bytes)") << "at a character's boundary";
}

TEST(IsUtf8, RefusesWhatNoDatabaseTakes) {
    EXPECT_TRUE(is_utf8("") && is_utf8("é\n"));
    for (std::string_view text : {"\xff", "\xc3(", "a\xed\xa0\x80", "\xf8"}) EXPECT_FALSE(is_utf8(text));
}

TEST(ToLower, ChangesAsciiLettersOnly) {
    EXPECT_EQ(to_lower("AZaz[@`{09"), "azaz[@`{09");
    EXPECT_EQ(to_lower("\xC3\x89T\xC3\x89"), "\xC3\x89t\xC3\x89");
}

}  // namespace
}  // namespace groomer
