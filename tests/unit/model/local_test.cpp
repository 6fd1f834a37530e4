#include "model/local/classifier.hpp"

#include "support/shared_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace groomer::model::local {
namespace {

using Examples = std::vector<Example>;

// Words that mean nothing, never the same sentence twice.
std::string filler(std::mt19937& random, int words) {
    std::string out;
    for (int i = 0; i < words; ++i) {
        for (int letter = 0; letter < 3; ++letter) out += static_cast<char>('a' + random() % 12);
        out += ' ';
    }
    return out;
}

// Bugs crash, features are wished for; the rest of the text is noise.
Examples obvious(std::size_t per_class, unsigned seed) {
    std::mt19937 random(seed);
    Examples out;
    for (std::size_t i = 0; i < per_class; ++i) {
        out.push_back({{"o/r", "crash " + filler(random, 3), "segfault in " + filler(random, 30)}, "bug"});
        out.push_back({{"o/r", "wish " + filler(random, 3), "would love " + filler(random, 30)}, "feature"});
    }
    return out;
}

TEST(LocalModel, learns_an_obvious_signal_and_names_it) {
    auto const model = Classifier::train(obvious(60, 1), {});
    ASSERT_TRUE(model.usable());
    EXPECT_EQ(model.examples(), 120U);
    EXPECT_EQ(model.labels(), (std::vector<std::string>{"bug", "feature"}));
    for (auto const& example : obvious(20, 2)) {
        auto const said = model.predict(example.text);
        EXPECT_EQ(said.label, example.label);
        EXPECT_TRUE(said.certain) << said.confidence;
        bool const named = said.reason.find("crash") != said.reason.npos || said.reason.find("segfault") != said.reason.npos;
        EXPECT_EQ(named, example.label == "bug") << said.reason;
    }
}

TEST(LocalModel, is_not_usable_without_two_classes_of_enough_examples) {
    EXPECT_FALSE(Classifier().usable());
    EXPECT_FALSE(Classifier::train({}, {}).usable());
    EXPECT_FALSE(Classifier::train(obvious(19, 1), {}).usable());
    EXPECT_TRUE(Classifier::train(obvious(20, 1), {}).usable());
    auto one_class = obvious(50, 1);
    std::erase_if(one_class, [](Example const& e) { return e.label == "bug"; });
    auto const model = Classifier::train(one_class, {});
    EXPECT_FALSE(model.usable());
    auto const said = model.predict({"o/r", "crash", "segfault"});
    EXPECT_EQ(said.label, "");
    EXPECT_FALSE(said.certain);
    EXPECT_FALSE(said.reason.empty());
}

TEST(LocalModel, counts_the_same_text_once) {
    Examples repeated;
    for (int i = 0; i < 500; ++i) repeated.push_back({{"o/r", "crash", "it fails"}, i % 2 ? "bug" : "feature"});
    auto const model = Classifier::train(repeated, {});
    EXPECT_EQ(model.examples(), 2U);
    EXPECT_FALSE(model.usable());
}

TEST(LocalModel, never_predicts_a_class_of_too_few_examples_nor_is_certain_of_its_issues) {
    auto examples = obvious(60, 1);
    std::mt19937 random(3);
    for (int i = 0; i < 19; ++i) examples.push_back({{"o/r", "how " + filler(random, 3), "why is " + filler(random, 30)}, "question"});
    auto const model = Classifier::train(examples, {});
    EXPECT_EQ(model.labels(), (std::vector<std::string>{"bug", "feature"}));
    int certain = 0;
    for (int i = 0; i < 20; ++i) {
        auto const said = model.predict({"o/r", "how " + filler(random, 3), "why is " + filler(random, 30)});
        EXPECT_NE(said.label, "question");
        certain += said.certain;
    }
    EXPECT_LE(certain, 4);
}

// Every second text has no signal, its label is chance.
Examples half_noise(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    Examples out;
    for (std::size_t i = 0; i < count; ++i) {
        bool const bug = random() % 2;
        const std::string signal = i % 2 ? "" : bug ? "crash " : "wish ";
        out.push_back({{"o/r", signal + filler(random, 3), filler(random, 20)}, bug ? "bug" : "feature"});
    }
    return out;
}

TEST(LocalModel, gives_the_same_model_for_any_order_of_the_examples) {
    auto examples = half_noise(200, 1);
    auto const model = Classifier::train(examples, {});
    std::mt19937 random(5);
    std::shuffle(examples.begin(), examples.end(), random);
    auto const shuffled = Classifier::train(examples, {});
    EXPECT_EQ(model.cut_off(), shuffled.cut_off());
    for (auto const& example : half_noise(50, 2)) {
        auto const a = model.predict(example.text), b = shuffled.predict(example.text);
        EXPECT_EQ(a.label, b.label);
        EXPECT_EQ(a.confidence, b.confidence);
        EXPECT_EQ(a.certain, b.certain);
        EXPECT_EQ(a.reason, b.reason);
    }
}

TEST(LocalModel, abstains_on_pure_noise) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937 random(seed);
        Examples noise;
        for (int i = 0; i < 200; ++i) noise.push_back({{"o/r", filler(random, 4), filler(random, 30)}, random() % 2 ? "bug" : "feature"});
        auto const model = Classifier::train(noise, {});
        ASSERT_TRUE(model.usable());
        EXPECT_GT(model.cut_off(), 1) << "seed " << seed << ", precision " << model.held_out_precision();
        for (auto const& example : noise) EXPECT_FALSE(model.predict(example.text).certain);
    }
}

TEST(LocalModel, is_as_often_right_as_asked_where_it_is_certain) {
    auto const model = Classifier::train(half_noise(800, 1), {});
    std::array<double, 2> certain{};
    auto const others = half_noise(800, 2);
    for (auto const& example : others) {
        auto const said = model.predict(example.text);
        if (said.certain) ++certain.at(said.label == example.label);
    }
    double const all = certain[0] + certain[1];
    EXPECT_GE(certain[1] / all, 0.87);  // 0.9 less two standard errors of 400 decisions
    EXPECT_GE(all, 0.4 * static_cast<double>(others.size()));
    EXPECT_LE(all, 0.65 * static_cast<double>(others.size()));
    EXPECT_GE(model.held_out_precision(), 0.9);
    EXPECT_NEAR(model.held_out_coverage(), 0.5, 0.15);
}

TEST(LocalModel, abstains_always_when_the_precision_asked_for_cannot_be_shown) {
    auto const model = Classifier::train(half_noise(400, 1), {.min_precision = 1.0});
    ASSERT_TRUE(model.usable());
    EXPECT_GT(model.cut_off(), 1);
    EXPECT_EQ(model.held_out_coverage(), 0);
}

TEST(LocalModel, learns_form_fields_for_each_repository) {
    std::mt19937 random(1);
    auto const make = [&](std::string repo, bool first) {
        return Document{std::move(repo), filler(random, 4), (first ? "### Kind\n\nBug\n\n" : "### Kind\n\nOther\n\n") + filler(random, 20)};
    };
    Examples examples;
    for (int i = 0; i < 60; ++i) {
        bool const first = i % 2 == 0;
        examples.push_back({make("o/honest", first), first ? "bug" : "question"});
        examples.push_back({make("o/contrary", first), first ? "question" : "bug"});
    }
    auto const model = Classifier::train(examples, {});
    int right = 0;
    for (int i = 0; i < 20; ++i) {
        right += model.predict(make("o/honest", true)).label == "bug";
        right += model.predict(make("o/contrary", true)).label == "question";
    }
    EXPECT_GE(right, 38);
    EXPECT_FALSE(model.predict(make("o/never-seen", true)).certain);
}

TEST(LocalModel, reads_only_the_beginning_of_a_long_body) {
    // What stands beyond the bound changes nothing but the length.
    auto const model = Classifier::train(obvious(40, 1), {});
    const std::string padding(40'000, '\n');
    auto const near_end = model.predict({"o/r", "x", padding + "segfault segfault"});
    auto const nothing = model.predict({"o/r", "x", padding + "wonderful wonders"});
    EXPECT_EQ(near_end.confidence, nothing.confidence);
}

TEST(LocalModel, takes_any_bytes) {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    const std::vector<std::string> hostile{"",
                                           std::string(3, '\0'),
                                           every_byte,
                                           std::string(100'000, '\x80'),
                                           std::string(100'000, 'a'),
                                           std::string(100'000, '['),
                                           "#",
                                           "**",
                                           "- [x]",
                                           "- [x] ",
                                           "```\n\xC3",
                                           "<!--",
                                           "key:",
                                           "\xE2\x82: \xF0\x9F\x98",
                                           "http"};
    auto examples = obvious(30, 1);
    for (auto const& text : hostile) {
        examples.push_back({{text, text, text}, "bug"});
        examples.push_back({{"o/r", "", text}, "feature"});
        examples.push_back({{"o/r", text, ""}, text});
    }
    auto const model = Classifier::train(examples, {});
    ASSERT_TRUE(model.usable());
    for (auto const& text : hostile) {
        auto const said = model.predict({text, text, text});
        EXPECT_TRUE(std::isfinite(said.confidence));
        EXPECT_LT(said.reason.size(), 1000U);
        EXPECT_EQ(said.reason.find('\0'), said.reason.npos);
        EXPECT_EQ(said.reason.find('\n'), said.reason.npos);
    }
}

// --- real issues ---------------------------------------------------------------------------------------------------

// In an order that is none: the file is sorted by label.
Examples read_issues(std::filesystem::path const& path) {
    Examples out;
    for (auto const& row : test::read_csv(path))
        if (row.size() == 5) out.push_back({{row[0], row[3], row[4]}, row[2]});
    std::mt19937 random(1);
    std::shuffle(out.begin(), out.end(), random);
    return out;
}

struct Counts {
    double right = 0, said = 0, true_ones = 0;
};
using PerRepository = std::map<std::string, std::map<std::string, Counts>>;

double mean_macro_f1(PerRepository const& counts) {
    double sum = 0;
    for (auto const& [repo, labels] : counts) {
        double f1 = 0;
        for (auto const& [label, c] : labels) f1 += 2 * c.right / (c.said + c.true_ones);
        sum += f1 / static_cast<double>(labels.size());
    }
    return sum / static_cast<double>(counts.size());
}

TEST(LocalModelOnRealIssues, reaches_its_macro_f1_in_five_folds) {
    auto const path = test::shared_data("issues_train.csv");
    if (!path) GTEST_SKIP() << test::no_shared_data;
    auto const issues = read_issues(*path);
    ASSERT_EQ(issues.size(), 1500U);
    PerRepository counts;
    for (std::size_t fold = 0; fold < 5; ++fold) {
        Examples train;
        for (std::size_t i = 0; i < issues.size(); ++i) {
            if (i % 5 != fold) train.push_back(issues[i]);
        }
        auto const model = Classifier::train(train, {});
        for (std::size_t i = fold; i < issues.size(); i += 5) {
            auto const label = model.predict(issues[i].text).label;
            auto& repo = counts[issues[i].text.repo];
            ++repo[label].said;
            ++repo[issues[i].label].true_ones;
            if (label == issues[i].label) ++repo[label].right;
        }
    }
    EXPECT_GE(mean_macro_f1(counts), 0.74);
    RecordProperty("macro_f1_per_mille", static_cast<int>(1000 * mean_macro_f1(counts)));
}

TEST(LocalModelOnRealIssues, is_right_on_most_of_the_unlabelled_issues_it_dares_to_label) {
    auto const path = test::shared_data("issues_train.csv");
    if (!path) GTEST_SKIP() << test::no_shared_data;
    auto const issues = read_issues(*path);
    auto const unlabelled = static_cast<std::ptrdiff_t>(450);
    auto const began = std::clock();
    auto const model = Classifier::train({issues.begin() + unlabelled, issues.end()}, {});
    double const train_seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    double certain = 0, right = 0;
    for (auto issue = issues.begin(); issue != issues.begin() + unlabelled; ++issue) {
        auto const said = model.predict(issue->text);
        if (!said.certain) continue;
        ++certain;
        right += said.label == issue->label;
    }
    EXPECT_GE(certain / static_cast<double>(unlabelled), 0.35);
    EXPECT_GE(right / certain, 0.80);
    EXPECT_LT(train_seconds, 20);  // a second at -O2; sanitizers cost
    RecordProperty("certain", static_cast<int>(certain));
    RecordProperty("right", static_cast<int>(right));
}

}  // namespace
}  // namespace groomer::model::local
