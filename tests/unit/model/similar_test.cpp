#include "model/local/similar.hpp"

#include "support/known_duplicates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace groomer::model::local {
namespace {

using Document = Similar::Document;

// Keeps the texts that documents refer to.
class Backlog {
public:
    Document& add(std::string title, std::string body) {
        auto const& title_kept = texts_.emplace_back(std::move(title));
        auto const& body_kept = texts_.emplace_back(std::move(body));
        documents.push_back({static_cast<std::int64_t>(documents.size() + 1), title_kept, body_kept, true, false});
        return documents.back();
    }

    std::vector<Document> documents;

private:
    std::deque<std::string> texts_;
};

// Some of 1,700 words, which are all that there are.
std::string words(std::mt19937& random, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
        for (int letter = 0; letter < 3; ++letter) out += static_cast<char>('a' + random() % 12);
        out += ' ';
    }
    return out;
}

constexpr char const* form =
    "### What happened?\n\n%\n\n### Version\n\n_No response_\n\n### Terms\n\n- [x] I have searched for duplicates\n";

std::string in_form(std::string const& answer) {
    std::string out = form;
    return out.replace(out.find('%'), 1, answer);
}

Backlog noise(int count, unsigned seed = 1) {
    std::mt19937 random(seed);
    Backlog out;
    for (int i = 0; i < count; ++i) {
        auto& document = out.add("[Bug]: " + words(random, 5), in_form(words(random, 30)));
        document.open = i % 3 == 0;
        document.labelled = i % 2 == 0;
    }
    return out;
}

std::vector<std::int64_t> numbers(std::vector<Match> const& matches) {
    std::vector<std::int64_t> out;
    for (auto const& match : matches) out.push_back(match.number);
    return out;
}

void expect_equal(std::vector<Match> const& a, std::vector<Match> const& b) {
    ASSERT_EQ(numbers(a), numbers(b));
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].score, b[i].score);
}

TEST(Similar, never_gives_the_issue_itself_nor_more_than_asked_for_and_the_best_first) {
    auto const backlog = noise(300);
    auto const similar = Similar::build(backlog.documents);
    EXPECT_EQ(similar.size(), 300U);
    for (auto const& issue : backlog.documents) {
        for (auto const& matches : {similar.duplicates(issue, 7), similar.examples(issue, 7)}) {
            ASSERT_EQ(matches.size(), 7U);
            double last = 1;
            for (auto const& match : matches) {
                EXPECT_NE(match.number, issue.number);
                EXPECT_GT(match.score, 0);
                EXPECT_LE(match.score, last);
                last = match.score;
            }
        }
    }
    EXPECT_TRUE(similar.duplicates(backlog.documents[0], 0).empty());
}

TEST(Similar, gives_every_issue_once) {
    auto const backlog = noise(300);
    auto all = numbers(Similar::build(backlog.documents).duplicates(backlog.documents[0], 1'000));
    EXPECT_GT(all.size(), 100U);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

TEST(Similar, gives_the_same_for_any_order_of_the_documents) {
    auto const backlog = noise(300);
    auto shuffled = backlog.documents;
    std::mt19937 random(2);
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    auto const a = Similar::build(backlog.documents), b = Similar::build(shuffled);
    EXPECT_EQ(a.bytes(), b.bytes());
    for (auto const& issue : backlog.documents) {
        expect_equal(a.duplicates(issue, 10), b.duplicates(issue, 10));
        expect_equal(a.examples(issue, 10), b.examples(issue, 10));
    }
}

TEST(Similar, takes_the_first_of_two_documents_with_the_same_number) {
    Backlog backlog;
    backlog.add("alpha beta", "gamma");
    backlog.add("delta epsilon", "zeta").number = 1;
    auto const similar = Similar::build(backlog.documents);
    EXPECT_EQ(similar.size(), 1U);
    EXPECT_EQ(similar.duplicates({9, "alpha beta", "gamma"}, 5).size(), 1U);
    EXPECT_TRUE(similar.duplicates({9, "delta epsilon", "zeta"}, 5).empty());
}

TEST(Similar, scores_an_identical_issue_as_one) {
    auto backlog = noise(200);
    for (int i = 0; i < 20; ++i) {
        auto const original = backlog.documents[static_cast<std::size_t>(i) * 9];
        auto const similar = Similar::build(backlog.documents);
        auto const examples = similar.examples({1'000, original.title, original.body}, 1);
        auto const duplicates = similar.duplicates({1'000, original.title, original.body}, 1);
        ASSERT_EQ(duplicates.size(), 1U);
        EXPECT_EQ(duplicates[0].number, original.number);
        double const closed = original.open ? 1 : 0.7;
        EXPECT_NEAR(duplicates[0].score, closed, 1e-5);
        if (original.labelled) {
            EXPECT_NEAR(examples.at(0).score, 1, 1e-5);
        }
    }
}

TEST(Similar, prefers_older_issues_and_open_ones) {
    auto backlog = noise(50);
    std::string const title = "window flickers when resized", body = "it flickers on the second screen";
    backlog.add(title, body).open = false;        // 51
    backlog.add(title, body);                     // 52
    auto const issue = backlog.add(title, body);  // 53
    backlog.add(title, body);                     // 54
    backlog.add(title, body).open = false;        // 55
    auto const matches = Similar::build(backlog.documents).duplicates(issue, 4);
    auto const in_order = numbers(matches);
    ASSERT_EQ(in_order.size(), 4U);
    EXPECT_EQ(in_order.front(), 52);
    EXPECT_EQ(in_order.back(), 55);
    EXPECT_NEAR(matches.front().score, 1, 1e-5);
    EXPECT_GT(matches.back().score, 0.5);
}

TEST(Similar, gives_labelled_issues_alone_as_examples_whether_open_or_newer_or_not) {
    auto backlog = noise(50);
    for (auto& document : backlog.documents) document.labelled = false;
    auto const issue = backlog.add("window flickers", "when resized");
    backlog.add("window flickers", "when resized");
    auto& labelled = backlog.add("window flickers", "when resized");
    labelled.labelled = true;
    labelled.open = false;
    auto const examples = Similar::build(backlog.documents).examples(issue, 5);
    ASSERT_EQ(numbers(examples), std::vector<std::int64_t>{53});
    EXPECT_NEAR(examples[0].score, 1, 1e-5);
}

TEST(Similar, finds_nothing_in_what_is_only_the_form) {
    auto backlog = noise(50);
    auto const issue = backlog.add("[Bug]: ", in_form(""));
    backlog.add("[Bug]:", in_form(""));
    auto const similar = Similar::build(backlog.documents);
    EXPECT_TRUE(similar.duplicates(issue, 5).empty());
    // A box that is not checked is still the form's, and so is a line in other capitals.
    EXPECT_TRUE(similar.duplicates({99, "[bug]:", "- [ ] I have searched for duplicates\n### version"}, 5).empty());
}

TEST(Similar, learns_the_form_from_the_issues_alone) {
    // The same lines where only three issues have them are what these have in common.
    auto backlog = Backlog();
    std::mt19937 random(1);
    for (int i = 0; i < 50; ++i) backlog.add(words(random, 5), words(random, 30));
    auto const issue = backlog.add("[Bug]: ", in_form(""));
    backlog.add("[Bug]: ", in_form(""));
    backlog.add("[Bug]: ", in_form(""));
    EXPECT_EQ(numbers(Similar::build(backlog.documents).duplicates(issue, 5)), (std::vector<std::int64_t>{52, 53}));
}

TEST(Similar, reads_a_title_behind_all_its_prefixes) {
    auto backlog = noise(50);
    for (int i = 0; i < 10; ++i) backlog.add("[Bug][UI] fix(core): " + std::string(3, static_cast<char>('p' + i)), "");
    auto const similar = Similar::build(backlog.documents);
    EXPECT_TRUE(similar.duplicates({99, "[Bug][UI] fix(core): xyzxyz", ""}, 5).empty());
    // What is no prefix of others stays.
    backlog.add("parser: broken", "");
    EXPECT_EQ(numbers(Similar::build(backlog.documents).duplicates({99, "Parser fails", ""}, 5)), std::vector<std::int64_t>{61});
}

TEST(Similar, weighs_the_title_more_than_the_body) {
    auto backlog = noise(50);
    backlog.add("something", "quartz");
    backlog.add("quartz", "something");
    EXPECT_EQ(numbers(Similar::build(backlog.documents).duplicates({99, "quartz fails", "at night"}, 1)), std::vector<std::int64_t>{52});
}

TEST(Similar, knows_names_by_their_parts_and_words_by_their_stems) {
    auto backlog = noise(50);
    backlog.add("HTTPServerClient rejects", "");
    backlog.add("quartz_token lost", "");
    backlog.add("crash while indexing", "");
    auto const similar = Similar::build(backlog.documents);
    auto const first = [&](std::string const& title) { return numbers(similar.duplicates({99, title, ""}, 1)); };
    EXPECT_EQ(first("the server"), std::vector<std::int64_t>{51});
    EXPECT_EQ(first("httpserverclient"), std::vector<std::int64_t>{51});
    EXPECT_EQ(first("tokens"), std::vector<std::int64_t>{52});
    EXPECT_EQ(first("it CRASHES, indexed"), std::vector<std::int64_t>{53});
}

TEST(Similar, finds_words_in_scripts_without_spaces) {
    auto backlog = noise(50);
    backlog.add("点击保存按钮后程序崩溃", "");
    backlog.add("无法登录到服务器", "");
    auto const similar = Similar::build(backlog.documents);
    EXPECT_EQ(numbers(similar.duplicates({99, "程序崩溃了", ""}, 1)), std::vector<std::int64_t>{51});
    EXPECT_EQ(numbers(similar.duplicates({99, "登录失败", ""}, 1)), std::vector<std::int64_t>{52});
}

TEST(Similar, finds_nothing_among_nothing) {
    auto const none = Similar::build({});
    EXPECT_EQ(none.size(), 0U);
    EXPECT_TRUE(none.duplicates({1, "crash", "crash"}, 5).empty());
    EXPECT_TRUE(Similar().examples({1, "crash", "crash"}, 5).empty());
    Backlog backlog;
    auto const issue = backlog.add("crash", "crash");
    auto const one = Similar::build(backlog.documents);
    EXPECT_TRUE(one.duplicates(issue, 5).empty());
    EXPECT_EQ(one.duplicates({2, "crash", ""}, 5).size(), 1U);
    backlog.add("", "");
    backlog.add("", "\n\n");
    auto const empty = Similar::build(backlog.documents);
    EXPECT_EQ(empty.size(), 3U);
    EXPECT_TRUE(empty.duplicates(backlog.documents[1], 5).empty());
    EXPECT_TRUE(empty.duplicates({9, "", ""}, 5).empty());
}

TEST(Similar, reads_only_the_beginning_of_a_long_body) {
    auto backlog = noise(50);
    backlog.add("", std::string(16 * 1024, '\n') + "quartz");
    backlog.add("", std::string(16 * 1024 - 4, '\n') + "amber");
    auto const similar = Similar::build(backlog.documents);
    EXPECT_TRUE(similar.duplicates({99, "quartz", ""}, 5).empty());
    EXPECT_TRUE(similar.duplicates({99, "amber", ""}, 5).empty());
    EXPECT_EQ(numbers(similar.duplicates({99, "ambe", ""}, 5)), std::vector<std::int64_t>{52});
}

TEST(Similar, takes_any_text) {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    std::mt19937 random(1);
    std::string binary, capitals, short_lines;
    for (int i = 0; i < 262'144; ++i) {
        binary += static_cast<char>(random());
        capitals += i % 2 ? 'a' : 'A';
        short_lines += i % 2 ? '\n' : static_cast<char>('a' + i % 26);
    }
    std::string repeated;
    for (int i = 0; i < 1'000'000; ++i) repeated += "word ";
    Backlog backlog;
    for (int copy = 0; copy < 3; ++copy) {
        for (auto const& text : {every_byte, binary, capitals, short_lines, repeated, std::string(262'144, 'a'), std::string(262'144, '_'),
                                 std::string(262'144, '\xE4'), std::string(262'144, '['), std::string("- [x]"), std::string("[:"),
                                 std::string("[]: []"), std::string(":"), std::string("_A_b__C"), std::string("\xE4\xB8")}) {
            backlog.add(text, text);
        }
    }
    auto const similar = Similar::build(backlog.documents);
    EXPECT_LT(similar.bytes(), 200'000U);
    for (auto const& issue : backlog.documents) {
        for (auto const& match : similar.duplicates(issue, 100)) {
            EXPECT_GT(match.score, 0);
            EXPECT_LE(match.score, 1);
        }
    }
}

TEST(Similar, finds_one_of_ten_thousand) {
    auto const backlog = noise(10'000);
    auto const similar = Similar::build(backlog.documents);
    EXPECT_LT(similar.bytes(), 8'000'000U);
    for (std::size_t i = 0; i < 10'000; i += 500) {
        auto const& original = backlog.documents[i];
        EXPECT_EQ(numbers(similar.duplicates({10'001, original.title, original.body}, 1)), std::vector<std::int64_t>{original.number});
    }
}

TEST(Similar, finds_the_oldest_where_more_issues_are_the_same_than_a_word_keeps) {
    Backlog backlog;
    for (int i = 0; i < 10'000; ++i) backlog.add("nightly build failed", "");
    auto const similar = Similar::build(backlog.documents);
    EXPECT_LT(similar.bytes(), 400'000U);
    auto const matches = similar.duplicates({10'001, "nightly build failed", ""}, 3);
    EXPECT_EQ(numbers(matches), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_NEAR(matches.front().score, 1, 1e-5);
}

TEST(SimilarOnRealReports, finds_the_original_of_most_known_duplicates_among_five) {
    auto const reports = test::shared_data("hadoop_reports.csv"), duplicates = test::shared_data("hadoop_duplicates.csv");
    if (!reports || !duplicates) GTEST_SKIP() << test::no_shared_data;
    auto const found = test::find_originals(test::read_reports(*reports), test::read_originals(*duplicates));
    RecordProperty("first", static_cast<int>(found.first));
    RecordProperty("among_five", static_cast<int>(found.among_five));
    RecordProperty("among_ten", static_cast<int>(found.among_ten));
    ASSERT_EQ(found.duplicates, 66U);
    EXPECT_GE(found.among_five, 55U);  // 58
    EXPECT_GE(found.first, 40U);       // 45
}

}  // namespace
}  // namespace groomer::model::local
