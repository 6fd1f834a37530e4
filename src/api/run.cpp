#include "api/run.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::api {

boost::json::array results_of(groom::TickReport const& report) {
    boost::json::array out;
    for (auto const& issue : report.issues)
        out.emplace_back(boost::json::object{{"repo", issue.ref.repo},
                                             {"issue", issue.ref.number},
                                             {"outcome", issue.outcome},
                                             {"reason", issue.reason},
                                             {"added", boost::json::array(issue.added.begin(), issue.added.end())},
                                             {"removed", boost::json::array(issue.removed.begin(), issue.removed.end())}});
    return out;
}

std::string run_answer(groom::TickReport const& report, bool dry_run) {
    boost::json::object out{{"outcome", report.issues.empty() ? "nothing_to_do" : "groomed"}, {"dryRun", dry_run}};
    if (report.failed > 0) out["failed"] = report.failed;
    out["results"] = results_of(report);
    return boost::json::serialize(out);
}

}  // namespace groomer::api
