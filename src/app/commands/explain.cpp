#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "groom/outcome.hpp"
#include "model/judgement.hpp"
#include "store/history.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <iostream>

namespace groomer::app {
namespace {

namespace json = boost::json;

std::string why(store::IssueStory const& story) {
    if (story.gone) return "not due: the tracker has it no more";
    if (!story.open) return "not due: it is closed";
    if (story.leased) return "being groomed now";
    if (story.due_at.empty()) return "not due before something changes: " + (story.reason.empty() ? "it is parked" : story.reason);
    static constexpr std::string_view ranks[]{"it was never groomed", "it changed, or its policy did", "its window passed"};
    auto const rank = ranks[static_cast<std::size_t>(std::min(std::max(story.rank, 0), 2))];
    if (story.due_in <= 0) return "due now: " + std::string{rank};
    return "not due before " + story.due_at +
           (story.failures > 0 ? ": it failed " + std::to_string(story.failures) + (story.failures == 1 ? " time" : " times")
                               : ": it was groomed at " + story.groomed_at);
}

void print_run(store::RunLine const& run) {
    std::cout << "run " << run.id << " at " << run.at << " by " << run.pod << " (" << run.mode << "): " << run.outcome;
    if (!run.added.empty()) std::cout << ", added " << groom::joined(run.added);
    if (!run.removed.empty()) std::cout << ", removed " << groom::joined(run.removed);
    if (run.undone_by) std::cout << "; taken back by run " << *run.undone_by;
    std::cout << '\n';
    // What became of it, then what was judged: a person's label may stand against a judgement.
    std::cout << "  because: " << run.reason << '\n';
    auto const judgement = model::parse_judgement(run.judgement);
    if (!judgement) return;
    for (auto const& decision : judgement->decisions)
        std::cout << "  judged " << decision.family << ": " << decision.value.value_or("nothing") << ", "
                  << std::lround(decision.confidence * 100) << " % by " << model::name(decision.source) << ": " << decision.reason << '\n';
    if (!judgement->by.empty()) std::cout << "  by " << judgement->by << ": " << judgement->summary << '\n';
    for (auto const& gap : judgement->gaps) std::cout << "  missing: " << gap << '\n';
    if (!judgement->related.empty()) {
        std::cout << "  about the same matter:";
        for (auto const number : judgement->related) std::cout << " #" << number;
        std::cout << '\n';
    }
    if (judgement->duplicate_of) std::cout << "  a duplicate of #" << *judgement->duplicate_of << '\n';
    if (!judgement->fallback.empty()) std::cout << "  without the language model: " << judgement->fallback << '\n';
}

json::array strings(std::vector<std::string> const& list) { return json::array(list.begin(), list.end()); }

json::object as_json(store::RunLine const& run) {
    return {{"id", run.id},
            {"at", run.at},
            {"pod", run.pod},
            {"mode", run.mode},
            {"outcome", run.outcome},
            {"reason", run.reason},
            {"added", strings(run.added)},
            {"removed", strings(run.removed)},
            {"undoneBy", run.undone_by ? json::value(*run.undone_by) : json::value(nullptr)},
            {"judgement", json::parse(run.judgement)}};
}

json::object as_json(tracker::IssueRef const& ref, store::IssueStory const& story) {
    json::array runs;
    for (auto const& run : story.runs) runs.push_back(as_json(run));
    return {{"repo", ref.repo},
            {"issue", ref.number},
            {"title", story.title},
            {"why", why(story)},
            {"due", story.due_at.empty() ? json::value(nullptr) : json::value(story.due_at)},
            {"labels", strings(story.labels)},
            {"ownLabels", strings(story.own_labels)},
            {"runs", std::move(runs)}};
}

}  // namespace

int explain(CommandLine const& line, Log& log) {
    auto const ref = tracker::parse_issue_ref(line.issue_ref);
    if (!ref) throw Error{ErrorCode::usage, "explain needs an issue as OWNER/NAME#NUMBER, like octocat/hello-world#7"};
    auto const loaded = configuration(line, log);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    run_to_end(context, service.require_schema());
    auto const story = run_to_end(context, store::story(service.store(), *ref));
    if (!story)
        throw Error{ErrorCode::failure, line.issue_ref + " is not known: it was not synced yet, or no configured repository has it"};
    if (line.json) {
        std::cout << json::serialize(as_json(*ref, *story)) << '\n';
        return 0;
    }
    std::cout << tracker::to_string(*ref) << "  " << story->title << '\n' << why(*story) << '\n';
    std::cout << "labels: " << (story->labels.empty() ? "none" : groom::joined(story->labels));
    if (!story->own_labels.empty()) std::cout << " (groomer's: " << groom::joined(story->own_labels) << ")";
    std::cout << '\n';
    for (auto const& run : story->runs) print_run(run);
    return 0;
}

}  // namespace groomer::app
