#include "github_faults/judge_test.hpp"

#include "github_faults/judge.hpp"

#include <cstdio>
#include <functional>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;

constexpr char const* repo = "o/r";
Moment at(std::chrono::milliseconds since) { return Moment{1000s} + since; }

Request asked(std::string id, std::string method, std::string target, std::chrono::milliseconds when, std::size_t effects) {
    Request request;
    request.id = std::move(id);
    request.method = std::move(method);
    request.target = std::move(target);
    request.process = 1;
    request.repository = repo;
    request.issue = 1;
    request.arrived = at(when);
    request.ended = at(when + 5ms);
    request.seen = effects;
    request.applied = effects;
    request.status = 200;
    return request;
}

Request look(std::string id, std::chrono::milliseconds when, std::size_t effects) {
    return asked(std::move(id), "GET", "/repos/o/r/issues/1", when, effects);
}

Request add(std::string id, std::string const& label, std::chrono::milliseconds when, std::size_t effects) {
    auto request = asked(std::move(id), "POST", "/repos/o/r/issues/1/labels", when, effects);
    request.applied = effects + 1;
    request.body = R"({"labels":[")" + label + "\"]}";
    return request;
}

void happens(History& history, std::string what, std::string label, std::string request, std::int64_t term = 10) {
    Effect effect;
    effect.place = history.effects.size();
    effect.repository = repo;
    effect.issue = 1;
    effect.what = std::move(what);
    effect.label = std::move(label);
    effect.ours = !request.empty();
    effect.request = std::move(request);
    effect.term = effect.ours ? term : 0;
    history.effects.push_back(std::move(effect));
}

// A look, and a label of ours.
History good() {
    History history;
    history.repositories = {repo};
    history.requests = {look("1", 0ms, 0), add("2", "a", 10ms, 0)};
    happens(history, "label.add", "a", "2");
    Round round;
    round.faults = round.struck = {"500"};
    round.began = at(0ms);
    round.ended = at(1s);
    history.rounds = {round};
    return history;
}

struct Case {
    char const* rule;  // "": none may speak
    char const* what;
    std::function<void(History&)> change;
};

std::vector<Case> cases_of_labels() {
    return {
        {"", "a look and a write", [](History&) {}},
        {"no effect twice", "taken away and set again by ourselves",
         [](History& h) {
             happens(h, "label.remove", "a", "3");
             happens(h, "label.add", "a", "4");
         }},
        {"no idle writes", "a label that is there already",
         [](History& h) {
             h.requests.push_back(look("3", 20ms, 1));
             h.requests.push_back(add("4", "a", 30ms, 1));
         }},
        {"", "another was faster between look and write",
         [](History& h) {
             h.requests.push_back(look("3", 20ms, 1));
             happens(h, "label.add", "b", "");
             h.requests.push_back(add("4", "b", 30ms, 2));
         }},
        {"people's labels stay", "a person's label",
         [](History& h) {
             happens(h, "label.add", "b", "");
             h.requests.push_back(look("3", 20ms, 2));
             h.requests.push_back(asked("4", "DELETE", "/repos/o/r/issues/1/labels/b", 30ms, 2));
             happens(h, "label.remove", "b", "4");
         }},
        {"people's labels stay", "a label from before all",
         [](History& h) {
             h.requests.push_back(asked("4", "DELETE", "/repos/o/r/issues/1/labels/old", 30ms, 1));
             happens(h, "label.remove", "old", "4");
         }},
        {"people's word stands", "ours, removed by a person",
         [](History& h) {
             happens(h, "label.remove", "a", "");
             h.requests.push_back(look("3", 20ms, 2));
             h.requests.push_back(add("4", "a", 30ms, 2));
             happens(h, "label.add", "a", "4");
         }},
        {"", "removed by a person after our look",
         [](History& h) {
             h.requests.push_back(look("3", 20ms, 1));
             happens(h, "label.remove", "a", "");
             h.requests.push_back(add("4", "a", 30ms, 2));
             happens(h, "label.add", "a", "4");
         }},
        {"terms in order", "an older term's effect after a newer's",
         [](History& h) {
             happens(h, "label.add", "b", "3", 30);
             happens(h, "label.add", "c", "4", 20);
         }},
        {"nowhere else", "an issue that was transferred away",
         [](History& h) {
             happens(h, "label.add", "b", "3");
             h.effects.back().repository = "else/where";
         }},
    };
}

std::vector<Case> cases_of_requests() {
    auto const comment = [](History& h, std::string const& name) {
        happens(h, "comment.add", "", "c" + std::to_string(h.effects.size()));
        h.effects.back().body = "Text\n\n<!-- groomer:" + name + " -->";
    };
    auto const limited = [](History& h, std::chrono::milliseconds next) {
        h.requests.push_back(look("3", 20ms, 1));
        h.requests.back().limited_until = at(1020ms);
        h.requests.push_back(look("4", next, 1));
    };
    return {
        {"no duplicate comments", "two by one name",
         [=](History& h) {
             comment(h, "summary");
             comment(h, "summary");
         }},
        {"", "two by two names",
         [=](History& h) {
             comment(h, "summary");
             comment(h, "digest");
         }},
        {"limits are kept", "a request before the limit's end", [=](History& h) { limited(h, 600ms); }},
        {"", "one that was under way", [=](History& h) { limited(h, 40ms); }},
        {"", "one at its end", [=](History& h) { limited(h, 1020ms); }},
        {"so many at once", "nine of one process",
         [](History& h) {
             for (int i = 0; i < 9; ++i) h.requests.push_back(look("9" + std::to_string(i), 50ms, 1));
         }},
        {"never whole sets", "a PUT",
         [](History& h) {
             h.requests.push_back(asked("3", "PUT", "/repos/o/r/issues/1/labels", 20ms, 1)), h.requests.back().struck = true;
         }},
        {"never whole sets", "a PATCH of labels",
         [](History& h) {
             h.requests.push_back(asked("3", "PATCH", "/repos/o/r/issues/1", 20ms, 1));
             h.requests.back().body = R"({"labels":["a"]})";
             h.requests.back().struck = true;
         }},
        {"no step lost", "not at rest", [](History& h) { h.rounds[0].unsettled = {"o/r#1: it is due"}; }},
        {"nothing secret", "a token in a log", [](History& h) { h.leaks = {"a secret in a log"}; }},
        {"no crash", "ended by itself", [](History& h) { h.ended_by_themselves = {"process 1"}; }},
    };
}

bool judged_right(Case const& one) {
    auto history = good();
    one.change(history);
    auto const verdict = judge(history);
    bool right = one.rule[0] == '\0' ? verdict.violations.empty() : !verdict.violations.empty();
    for (auto const& violation : verdict.violations) right = right && violation.rule == one.rule;
    if (right) return true;
    std::printf("not ok - github: the judge on \"%s\": wanted \"%s\"\n", one.what, one.rule);
    for (auto const& violation : verdict.violations) std::printf("  %s: %s\n", violation.rule.c_str(), violation.sentence.c_str());
    return false;
}

struct Resting {
    char const* sentence;  // a part of it; "": at rest
    std::function<void(IssueNow&, std::vector<Effect>&)> change;
};

IssueNow rested() {
    IssueNow issue;
    issue.repository = repo;
    issue.number = 1;
    issue.title = "T";
    issue.labels = {"status/ready"};
    issue.stored = IssueNow::Stored{
        "T", true, false, false, false, {"status/ready"}, "applied", "", {{"status", "status/ready"}}, {"label.add status/ready: done"}};
    return issue;
}

bool unsettled_right(Resting const& one) {
    auto issue = rested();
    History history;
    happens(history, "label.add", "status/ready", "1");
    one.change(issue, history.effects);
    std::vector<Family> const families{{"status", {"status/ready", "status/backlog"}, {}}};
    auto const said = unsettled(families, last_acts(history.effects), issue);
    std::string const wanted = one.sentence;
    bool const right = wanted.empty() ? said.empty() : said.size() == 1 && said[0].find(wanted) != std::string::npos;
    if (!right) std::printf("not ok - github: at rest: wanted \"%s\", said \"%s\"\n", one.sentence, said.empty() ? "" : said[0].c_str());
    return right;
}

std::vector<Resting> resting() {
    using Effects = std::vector<Effect>;
    return {
        {"", [](IssueNow&, Effects&) {}},
        {"the database does not know it", [](IssueNow& i, Effects&) { i.stored.reset(); }},
        {"its title", [](IssueNow& i, Effects&) { i.title = "U"; }},
        {"its labels", [](IssueNow& i, Effects&) { i.labels.insert("x"); }},
        {"being worked on", [](IssueNow& i, Effects&) { i.stored->leased = true; }},
        {"stored as gone", [](IssueNow& i, Effects&) { i.stored->gone = true; }},
        {"stored as gone", [](IssueNow& i, Effects&) { i.stored->reason = "the tracker has it no more"; }},
        {"it is due", [](IssueNow& i, Effects&) { i.stored->due = true; }},
        {"never groomed", [](IssueNow& i, Effects&) { i.stored->outcome = ""; }},
        {"its outcome is partial", [](IssueNow& i, Effects&) { i.stored->outcome = "partial"; }},
        {"step label.add", [](IssueNow& i, Effects&) { i.stored->steps = {"label.add status/ready: planned"}; }},
        {"decided as status/backlog",
         [](IssueNow& i, Effects&) {
             i.stored->decisions = {{"status", "status/backlog"}};
         }},
        {"",
         [](IssueNow& i, Effects& e) {
             i.stored->decisions = {{"status", "status/backlog"}}, e[0].ours = false;
         }},
    };
}

bool wanted_right() {
    auto const comment = [](std::string text) { return "Text 1.\n\n<!-- groomer:" + std::move(text) + " -->"; };
    IssueNow issue;
    issue.title = "T";
    issue.body = "Theirs\n\n<!-- groomer:digest -->\nText 1.\n<!-- /groomer:digest -->";
    issue.labels = {"ours"};
    issue.comments["summary"] = {comment("summary")};
    auto twice = issue;
    twice.comments["summary"].push_back(comment("summary"));
    twice.body += twice.body;
    auto const all = [](IssueNow const& now) {
        std::string out;
        for (auto const& wanted :
             {Wanted{1, "comment", "summary", "Text 1."}, Wanted{1, "section", "digest", "Text 1."}, Wanted{1, "title", "", "T"},
              Wanted{1, "add", "ours", ""}, Wanted{1, "remove", "theirs", ""}, Wanted{1, "close", "", ""}})
            out += unsettled(wanted, now).empty() ? 'y' : 'n';
        return out;
    };
    bool const right = all(issue) == "yyyyyn" && all(twice) == "nnyyyn" && all(IssueNow{}) == "nnnnyn";
    if (!right) std::printf("not ok - github: what a writer was told\n");
    return right;
}

}  // namespace

bool test_judge() {
    bool right = wanted_right();
    for (auto const& cases : {cases_of_labels(), cases_of_requests()})
        for (auto const& one : cases) right = judged_right(one) && right;
    for (auto const& one : resting()) right = unsettled_right(one) && right;
    if (right) std::printf("ok - github: the judge finds what is wrong, and nothing else\n");
    return right;
}

}  // namespace groomer::github_faults
