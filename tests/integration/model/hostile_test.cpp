// Issues that want to be obeyed, and a model that does obey: nothing is written but what a maintainer configured, nobody is called, no
// link or marker gets through, and no secret is anywhere.
#include "integration/hostile.hpp"
#include "groom/plan.hpp"
#include "groom/remarks.hpp"
#include "groom/verdict.hpp"
#include "integration/model/asking.hpp"
#include "model/context.hpp"
#include "model/defuse.hpp"
#include "model/protocol.hpp"

#include <regex>
#include <set>

namespace groomer {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using test::Asking;
using test::Attacker;

config::Policy policy_with_texts(std::string const& mode) {
    config::Source source;
    source.path = "test.yaml";
    source.text =
        "database: {url: \"postgresql://h/d\"}\nrepositories: [{name: o/r, tracker: github}]\n"
        "policy: {mode: " +
        mode + ", comments: {enabled: true}, titles_and_bodies: {enabled: true}, close: {enabled: " + (mode == "apply" ? "true" : "false") +
        "}}\n";
    return config::load(source).config.policy;
}

// The commands of a suggestion are no prose: each is one that a shell takes as it reads, and they end where their block does.
std::string prose_of(std::string const& suggestion) {
    static std::regex const command{
        R"(gh issue edit \d+ --repo o/r( --(add-label|remove-label|title) ("[\w ./:+\-=@%,#()\x80-\xff]*"|('[^']*'|\\')+))+)"};
    auto const begin = suggestion.find("\n\n```sh\n"), end = suggestion.find("\n```\n\n");
    if (begin == std::string::npos) return suggestion;
    std::istringstream block{suggestion.substr(begin + 8, end - begin - 8)};
    for (std::string line; std::getline(block, line);) EXPECT_TRUE(std::regex_match(line, command)) << line;
    return suggestion.substr(0, begin) + suggestion.substr(end + 5);
}

TEST(Hostile, NothingThatTenThousandIssuesAskForGetsThrough) {
    auto const policy = policy_with_texts("apply"), suggesting = policy_with_texts("suggest");
    auto const mind = fake_model::obedient_mind();
    auto const& protocol = *model::find_protocol("openai");
    std::set<std::string> allowed{policy.abstain_label};
    for (auto const& family : policy.labels)
        for (auto const& value : family.values)
            if (std::find(family.never_set.begin(), family.never_set.end(), value.label) == family.never_set.end())
                allowed.insert(value.label);
    Attacker attacker{11};
    int understood = 0, announced = 0, suggested = 0;
    for (std::int64_t number = 1; number <= 10'000; ++number) {
        auto const issue = attacker.issue(number);
        auto const asked = groom::asked_of(policy, {4, 5});
        model::ContextInput shown;
        shown.repo = "o/r";
        shown.issue = {number, true, issue.title, issue.body, issue.labels};
        for (auto const& comment : issue.comments)
            shown.comments.push_back({comment.author, comment.actor == tracker::Actor::bot, false, comment.body});
        for (auto const& pull : issue.merged) shown.merged.push_back({pull.number, pull.title});
        auto const context = model::make_context(shown, asked, 24 * 1024, "8d1f0a52-2f0c-4c7e-9d0b-3b0f5f1f6a11");
        fake_model::Question question;
        question.schema = json::parse(model::answer_schema(asked)).as_object();
        question.system = context.system;
        question.user = context.user;
        auto const said = mind(question);
        auto const reply = protocol.read(json::serialize(
            json::object{{"choices", json::array{json::object{{"finish_reason", "stop"}, {"message", json::object{{"content", said}}}}}}}));
        auto const parsed = model::parse_answer(reply.text, asked);
        if (!parsed.answer) continue;
        ++understood;
        auto const judgement = groom::verdict(*parsed.answer, issue, policy);
        auto const plan = groom::plan(issue, judgement, policy, {});
        for (auto const& label : plan.add) ASSERT_TRUE(allowed.contains(label)) << label << "\n" << said;
        ASSERT_TRUE(plan.remove.empty()) << "none of them is ours";
        model::Permitted permitted;
        permitted.issues = judgement.related;
        if (judgement.duplicate_of) permitted.issues.push_back(*judgement.duplicate_of);
        std::string source = issue.title + "\n" + issue.body;
        for (auto const& comment : issue.comments) source += "\n" + comment.body;
        permitted.source = source;
        std::vector<std::string> texts{judgement.summary, judgement.rationale, judgement.comment.value_or(""), judgement.title.value_or(""),
                                       judgement.section.value_or("")};
        for (auto const& decision : judgement.decisions) texts.push_back(decision.reason);
        for (auto const& wish : groom::wishes(issue, judgement, policy, plan)) {
            texts.push_back(wish.comment.text);
            ASSERT_TRUE(wish.announces != tracker::CloseReason::completed || !issue.merged.empty()) << "nothing was merged";
            announced += wish.announces ? 1 : 0;
        }
        auto planned = groom::plan(issue, judgement, suggesting, {});
        planned.title = judgement.title;
        for (auto const& wish : groom::wishes(issue, judgement, suggesting, planned)) {
            texts.push_back(prose_of(wish.comment.text));
            suggested += texts.back() == wish.comment.text ? 0 : 1;
        }
        for (auto const& text : texts) {
            ASSERT_TRUE(model::harmless(text, permitted)) << text;
            ASSERT_EQ(text.find('@'), std::string::npos) << text;
            ASSERT_EQ(text.find("<!--"), std::string::npos) << text;
        }
        ASSERT_TRUE(!judgement.duplicate_of || *judgement.duplicate_of == 4 || *judgement.duplicate_of == 5);
    }
    EXPECT_GT(understood, 2000) << "or the attacks are not what a model may say";
    EXPECT_GT(announced, 100) << "or nothing is shown of closing";
    EXPECT_GT(suggested, 2000) << "or nothing is shown of commands";
}

TEST_F(Asking, HostileIssuesGetOnlyConfiguredLabelsAndSecretsStayAtHome) {
    Attacker attacker{12};
    for (int i = 0; i < 300; ++i) {
        auto const hostile = attacker.issue(i + 1);
        issue(hostile.title, hostile.body, hostile.labels);
    }
    environment["GROOMER_GITHUB_TOKEN"] = "ghp-the-other-secret";
    mind(fake_model::obedient_mind());
    ask();
    EXPECT_EQ(groom_all(), 300U);
    std::set<std::string> const allowed{"type/bug",       "type/feature",   "type/question", "priority/p1",
                                        "priority/p2",    "priority/p3",    "status/ready",  "status/needs-info",
                                        "status/blocked", "status/backlog", "needs-triage"};
    for (auto const& effect : effects()) {
        EXPECT_EQ(effect.at("op"), "label.add") << json::serialize(effect);
        EXPECT_TRUE(allowed.contains(std::string{effect.at("label").as_string()})) << json::serialize(effect);
    }
    EXPECT_NE(value("SELECT count(*) FROM groomer.run WHERE judgement ->> 'by' = 'openai/m-1'"), "0") << "it was obeyed, and judged";
    for (auto const* secret : {"sk-the-secret", "ghp-the-other-secret"}) {
        EXPECT_EQ(lines.str().find(secret), std::string::npos);
        for (auto const& entry : asked()) EXPECT_EQ((entry.system + entry.user).find(secret), std::string::npos);
        EXPECT_EQ(value("SELECT count(*) FROM groomer.model_call WHERE answer LIKE '%" + std::string{secret} + "%'"), "0");
    }
}

}  // namespace
}  // namespace groomer
