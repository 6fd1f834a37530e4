#include "groom/suggestion.hpp"

#include "model/defuse.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace groomer::groom {
namespace {

using Labels = std::vector<std::string>;

struct SuggestionTest : ::testing::Test {
    SuggestionTest() {
        policy.labels = {{"type", {{"type/bug", "", ""}, {"type/feature", "", ""}}, 0.9, {}},
                         {"priority", {{"p1", "", ""}, {"p2", "", ""}}, 0.9, {}}};
        decide("type", "type/bug", 0.953, model::Source::model, "It says so.");
    }
    void decide(std::string family, std::string value, double confidence, model::Source source, std::string reason) {
        judgement.decisions.push_back({family, value, confidence, source, reason});
        plan.families.push_back({family, "set", reason});
        plan.add.push_back(std::move(value));
    }
    [[nodiscard]] std::string text() const { return suggestion({"octo/quill", 7}, plan, judgement, policy); }
    [[nodiscard]] std::string commands() const {
        auto const whole = text();
        auto const begin = whole.find("```sh\n");
        return begin == std::string::npos ? "" : whole.substr(begin + 6, whole.find("\n```\n\n", begin) - begin - 5);
    }
    // All but the block of commands.
    [[nodiscard]] std::string prose() const {
        auto whole = text();
        auto const begin = whole.find("```sh\n");
        if (begin != std::string::npos) whole.erase(begin, whole.find("\n```\n\n", begin) + 4 - begin);
        return whole;
    }

    Plan plan;
    model::Judgement judgement;
    config::Policy policy;
};

TEST_F(SuggestionTest, SaysWhatWhyHowCertainAndHowToAcceptAndToRefuse) {
    decide("priority", "p2", 0.6, model::Source::rule, "a bug without signs of great harm");
    plan.remove = {"p1"};
    policy.exempt = {"no groomer"};
    EXPECT_EQ(text(), R"(groomer suggests this, and does none of it itself.

- **type**: add `type/bug` (95 %, language model): It says so.
- **priority**: add `p2`, remove `p1` (60 %, rule): a bug without signs of great harm

To accept, make the changes by hand, or run what you agree with:

```sh
gh issue edit 7 --repo octo/quill --add-label "type/bug"
gh issue edit 7 --repo octo/quill --add-label "p2" --remove-label "p1"
```

A family in which you set a label by hand is left as it is, and a label that you take away is not suggested again. To keep groomer away from this issue, add `no groomer`.)");
}

TEST_F(SuggestionTest, TellsOfALabelThatGoesAndOfNoneThatItIsNotCertainOf) {
    plan = {};
    plan.families = {{"type", "kept", "a person set type/feature"}, {"priority", "abstained", "its type is not known"}};
    plan.remove = {"Type/Bug", "needs-triage"};
    EXPECT_NE(text().find("- **type**: remove `Type/Bug`: a person set type/feature\n- **other labels**: remove `needs-triage`: no longer "
                          "called for\n\nTo"),
              std::string::npos)
        << text();
    EXPECT_EQ(commands(),
              "gh issue edit 7 --repo octo/quill --remove-label \"Type/Bug\"\ngh issue edit 7 --repo octo/quill --remove-label "
              "\"needs-triage\"\n");
}

TEST_F(SuggestionTest, QuotesALabelForTheShellAndForGh) {
    for (auto const& [label, quoted] :
         std::initializer_list<std::pair<std::string, std::string>>{{"area: C++ (core) #1", R"("area: C++ (core) #1")"},
                                                                    {"fehler/größe", "\"fehler/größe\""},
                                                                    {"$(rm -rf ~)", "'$(rm -rf ~)'"},
                                                                    {"`id`", "'`id`'"},
                                                                    {"a\"; id; \"", "'\"a\"\"; id; \"\"\"'"},
                                                                    {"it's", R"('it'\''s')"},
                                                                    {"back\\slash", "'back\\slash'"},
                                                                    {"wow!!", "'wow!!'"},
                                                                    {"a,b", "'\"a,b\"'"},
                                                                    {"-x", "\"-x\""}}) {
        plan.add = {label};
        policy.labels[0].values = {{label, "", ""}};
        EXPECT_EQ(commands(), "gh issue edit 7 --repo octo/quill --add-label " + quoted + "\n");
    }
}

// A command must be what it reads as.
TEST_F(SuggestionTest, PutsNoNameIntoACommandThatIsNotToBeSeenAsItIs) {
    for (std::string const label : {"a\nid\n", "a\x1b[2Jb", "bug\u202egub", "zero\u200bwidth", "a\u009b2Jb"}) {
        plan.add = {label};
        policy.labels[0].values = {{label, "", ""}};
        EXPECT_EQ(commands(), "") << label;
        EXPECT_NE(text().find("\n\nTo accept, make the changes by hand.\n\n"), std::string::npos) << text();
        EXPECT_TRUE(model::harmless(prose(), {})) << prose();
    }
}

TEST_F(SuggestionTest, IsHarmlessWhateverLabelsAndReasonsSay) {
    Labels const hostile{"@octo/admins",
                         "x](https://evil.example)",
                         "![](http://evil.example/x.png)",
                         "<img src=x>",
                         "```",
                         "`a` @b",
                         "#1 GH-1 octo/quill#2",
                         "<!-- groomer:suggestion -->",
                         "&#64;all",
                         "www.evil.example",
                         "0123abcdef",
                         "line\n\n```sh\nrm -rf /\n```\n# heading",
                         "[",
                         "\\@x",
                         "me@evil.example"};
    for (auto const& one : hostile)
        for (auto const& other : hostile) {
            plan = {};
            judgement = {};
            policy.labels[0].values = {{one, "", ""}};
            policy.exempt = {other};
            decide("type", one, 0.9, model::Source::local, other);
            EXPECT_TRUE(model::harmless(prose(), {})) << prose();
            auto const whole = text();
            EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), commands().empty() ? 6 : 10) << "a line was made up: " << whole;
        }
}

TEST_F(SuggestionTest, OnceSettledIsOneLine) {
    EXPECT_EQ(settled_suggestion(), "The labels that were suggested here are set, or no longer called for.");
    EXPECT_TRUE(model::harmless(settled_suggestion(), {}));
}

TEST_F(SuggestionTest, ARequestThanksAndListsTheGaps) {
    judgement.gaps = {"The version that you use.", "A file that\nshows it."};
    EXPECT_EQ(request_for_gaps(judgement, false), R"(Thank you for the report.

To go on, this is missing:

- The version that you use.
- A file that shows it.

Please add it to the description or in a comment; the issue is then looked at again.)");
    judgement.comment = "Thanks, this looks like a bug.\nIt cannot be reproduced yet.";
    EXPECT_TRUE(request_for_gaps(judgement, false).starts_with("Thanks, this looks like a bug.\nIt cannot be reproduced yet.\n\nTo go on"));
    judgement.comment = "";
    EXPECT_TRUE(request_for_gaps(judgement, false).starts_with("Thank you for the report.\n\n"));
    EXPECT_TRUE(model::harmless(request_for_gaps(judgement, false), {}));
}

TEST(RequestForGaps, CommandsToOtherProgramsAreNone) {
    model::Judgement judgement;
    judgement.gaps = {"the version"};
    judgement.comment = "/close\nThe path /usr is fine.\n  //lgtm\n";
    auto const text = request_for_gaps(judgement, false);
    EXPECT_TRUE(text.starts_with("close\nThe path /usr is fine.\n  lgtm\n")) << text;
}

TEST_F(SuggestionTest, TellsOfALikelyDuplicateAndOfWhatPeopleAloneDecide) {
    judgement.duplicate_of = 12;
    plan.families.push_back({"priority", "escalated", "the model would set p1"});
    EXPECT_NE(text().find("- **priority**, for people to decide: the model would set p1\n- It may say the same as issue 12.\n"),
              std::string::npos)
        << text();
    EXPECT_EQ(commands().find("p1"), std::string::npos);
}

}  // namespace
}  // namespace groomer::groom
