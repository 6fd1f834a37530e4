// Rounds of two replicas of groomer itself, on a database of their own.
#include "github_faults/judge.hpp"
#include "github_faults/world.hpp"

#include <boost/json/parse.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using fake_github::By;
using fake_github::State;
namespace json = boost::json;

constexpr char const* names[]{"lanternfish/quill", "lanternfish/inkwell"};
constexpr std::int64_t app_id = 7, installation_id = 70;

struct Keys {
    std::string secret, open;
};

Keys make_keys() {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key{EVP_RSA_gen(2048), EVP_PKEY_free};
    auto const pem = [](auto write) {
        std::unique_ptr<BIO, decltype(&BIO_free)> const bio{BIO_new(BIO_s_mem()), BIO_free};
        write(bio.get());
        char* data = nullptr;
        auto const size = BIO_get_mem_data(bio.get(), &data);
        return std::string(data, static_cast<std::size_t>(size));
    };
    return {pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }),
            pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); })};
}

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> out;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) out.push_back(line);
    return out;
}

class Groomers final : public World {
public:
    explicit Groomers(WorldOptions options) : World{std::move(options), 2000ms, false} {}
    ~Groomers() override { replicas_.clear(); }

private:
    struct Replica {
        std::unique_ptr<test::Process> process;
        int number = 0;
    };

    void set_up() override {
        std::size_t first = 0;
        for (auto const* name : names) begin_backlog(first += 23, 14, name);
        if (options_.app) be_an_app();
        else write_token();
        director_.expire_tokens = [this] { expire(); };
        director_.rotate_tokens = [this] { rotate(); };
        configure();
        // One after the other, so that one migrates; the first grooms all there is.
        replicas_.resize(2);
        for (auto& replica : replicas_) launch(replica);
        auto const end = moment_now() + 60s;
        while (!still_unsettled().empty()) {
            schedule_->throw_if_interrupted();
            if (moment_now() > end) throw std::runtime_error{"the backlog was not groomed before any fault: " + still_unsettled().front()};
            std::this_thread::sleep_for(100ms);
        }
    }

    void tear_down() override {
        for (auto& replica : replicas_) {
            replica.process->signal(SIGTERM);
            auto const status = replica.process->wait(20s);
            if (status != 0)
                history_.ended_by_themselves.push_back("a replica that was to stop ended with " + std::to_string(status.value_or(-1)));
        }
    }

    void be_an_app() {
        auto const keys = make_keys();
        for (auto const& line : lines_of(keys.secret))
            if (line.find("-----") == std::string::npos) secrets_.push_back(line);
        std::ofstream{options_.folder + "/key.pem"} << keys.secret;
        server_.with_state([&](State& state) {
            state.access.add_app({.id = app_id, .slug = "groomer", .public_key = keys.open});
            fake_github::Installation installation{.id = installation_id, .app = app_id, .account = "lanternfish"};
            for (auto const& [id, repository] : state.repositories()) installation.repositories[id] = fake_github::Right::write;
            installation.lifetime = 302s;  // asked for anew five minutes before its end, hence every two seconds
            state.access.add_installation(std::move(installation));
        });
    }

    void configure() {
        auto const credentials = options_.app
                                     ? "app: {id: " + std::to_string(app_id) + ", installation_id: " + std::to_string(installation_id) +
                                           ", private_key_file: \"" + options_.folder + "/key.pem\"}"
                                     : "token_file: \"" + options_.folder + "/token\"";
        std::ofstream{options_.folder + "/config.yaml"}
            << "database: {url: \"" << database_.url() << "\"}\nschedule: {groom_every: 100ms, sync_every: 200ms}\n"
            << "lock: {ttl: 3s, renew_every: 400ms}\npolicy: {mode: apply, cooldown: 0s}\ngithub: {api_url: \"http://github.test:"
            << server_.port() << "\", settle: 1500ms, pace: {between_writes: 0s, keep_for_people: 0}, " << credentials << "}\n"
            << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\nlog: {level: debug}\nrepositories:\n"
            << "  - {name: " << names[0] << ", tracker: github}\n  - {name: " << names[1] << ", tracker: github}\n";
    }

    void launch(Replica& replica) {
        replica.process = start({GROOMER_BINARY, "run", "--config", options_.folder + "/config.yaml"});
        replica.number = processes_;
    }

    bool attend() override {
        auto const killed = director_.killed();
        for (auto& replica : replicas_) {
            bool const ours = std::find(killed.begin(), killed.end(), replica.number) != killed.end();
            auto const status = replica.process->wait(ours ? 5000ms : 0ms);
            if (!status) continue;
            if (!ours)
                history_.ended_by_themselves.push_back("process " + std::to_string(replica.number) + " ended with " +
                                                       std::to_string(*status));
            process_gone(replica.number);
            launch(replica);
        }
        renew_token();
        return true;
    }

    // Of what was to be lost the new one comes a moment later, as people are.
    void renew_token() {
        {
            std::lock_guard const lock{mutex_};
            if (!token_due_ || moment_now() < *token_due_) return;
            token_due_.reset();
        }
        write_token();
    }
    // Both are called on the server's thread.
    void expire() {
        server_.with_state([&](State& state) { options_.app ? state.access.revoke_all() : state.access.revoke(token_); });
        std::lock_guard const lock{mutex_};
        if (!options_.app) token_due_ = moment_now() + 300ms;
    }
    // The new one is there first; the old one goes a while later.
    void rotate() {
        if (options_.app) return expire();
        director_.last([](State&) {}, [old = token_](State& state) { state.access.revoke(old); });
        std::lock_guard const lock{mutex_};
        token_due_ = moment_now();
    }

    // A thing or two to do in each round, and a person's act.
    void stimulate() override {
        server_.with_state([&](State& state) {
            for (auto count = 1 + below(2); count > 0; --count) report_issue(state);
            act(state, {.login = "maintainer", .now = server_.now()});
        });
    }

    void report_issue(State& state) {
        auto& repository = *director_.repository(state, names[below(2)]);
        auto const& sample = samples_[below(samples_.size())];
        auto const text = [&](char const* key) {
            return sample.at(key).is_string() ? std::string{sample.at(key).as_string()} : std::string{};
        };
        auto const now = fake_github::seconds_of(server_.now());
        std::vector<std::string> labels;
        if (below(4) == 0) labels.emplace_back("type/bug");
        state.add_issue(repository, {.title = text("title"), .body = text("body"), .labels = labels, .created = now, .updated = now});
    }

    void act(State& state, By const& by) {
        auto& repository = *director_.repository(state, names[below(2)]);
        if (repository.issues.empty()) return;
        auto& issue = std::next(repository.issues.begin(), static_cast<std::ptrdiff_t>(below(repository.issues.size())))->second;
        auto const labels = state.label_names(repository, issue);
        switch (below(5)) {
            case 0: state.add_labels(repository, issue, {below(2) == 0 ? "status/blocked" : "type/question"}, by); break;
            case 1:
                if (!labels.empty()) state.remove_label(repository, issue, labels[below(labels.size())], by);
                break;
            case 2: state.edit_issue(repository, issue, {.title = issue.title + "!", .body = {}, .open = {}}, by); break;
            case 3: state.edit_issue(repository, issue, {.title = {}, .body = {}, .open = !issue.open}, by); break;
            default: state.add_comment(repository, issue, "It happens here, too.", by);
        }
    }

    std::vector<std::string> still_unsettled() override;
    std::map<std::pair<std::string, std::int64_t>, IssueNow::Stored> stored();
    void look_again(IssueNow const& issue) {
        database_.query(
            "UPDATE groomer.issue i SET due_at = clock_timestamp() FROM groomer.repository r WHERE r.id = i.repo_id AND r.name = '" +
            issue.repository + "' AND i.number = " + std::to_string(issue.number) + " AND due_at > clock_timestamp()");
    }

    test::TestDatabase database_;
    std::vector<Replica> replicas_;
    std::mutex mutex_;  // protects the next
    std::optional<Moment> token_due_;
};

constexpr char const* stored_sql = R"sql(
SELECT r.name, i.number, i.title, i.open, i.gone,
       coalesce(i.due_at <= clock_timestamp(), false), l.issue_id IS NOT NULL,
       array_to_string(i.labels, E'\n'), coalesce(i.outcome, ''), coalesce(i.reason, ''),
       coalesce(last.judgement::text, ''),
       coalesce((SELECT string_agg(op || ' ' || label || ': ' || status, E'\n')
                 FROM (SELECT DISTINCT ON (op, label) op, label, status FROM groomer.step
                       WHERE key = last.application ORDER BY op, label, seq DESC) AS latest), '')
FROM groomer.issue i
JOIN groomer.repository r ON r.id = i.repo_id
-- What a dead holder had claimed is nobody's, and stays where the issue is not due any more.
LEFT JOIN groomer.lease l ON l.issue_id = i.id AND l.term >= (SELECT term FROM groomer.lock_state WHERE lock = 'groomer')
LEFT JOIN LATERAL (SELECT judgement, application FROM groomer.run WHERE issue_id = i.id ORDER BY id DESC LIMIT 1) last ON true
)sql";

std::vector<Decision> decisions_of(std::string const& judgement) {
    std::vector<Decision> out;
    json::error_code error;
    auto const parsed = json::parse(judgement, error);
    auto const* object = error ? nullptr : parsed.if_object();
    auto const* list = object ? object->if_contains("decisions") : nullptr;
    if (!list || !list->is_array()) return out;
    for (auto const& decision : list->get_array()) {
        auto const* value = decision.as_object().if_contains("value");
        out.push_back({std::string{decision.at("family").as_string()},
                       value && value->is_string() ? std::string{value->get_string()} : std::string{}});
    }
    return out;
}

std::map<std::pair<std::string, std::int64_t>, IssueNow::Stored> Groomers::stored() {
    std::map<std::pair<std::string, std::int64_t>, IssueNow::Stored> out;
    for (auto const& row : database_.query(stored_sql)) {
        IssueNow::Stored stored;
        stored.title = row.text(2);
        stored.open = row.truth(3);
        stored.gone = row.truth(4);
        stored.due = row.truth(5);
        stored.leased = row.truth(6);
        for (auto const& label : lines_of(row.text(7))) stored.labels.insert(label);
        stored.outcome = row.text(8);
        stored.reason = row.text(9);
        stored.decisions = decisions_of(row.text(10));
        stored.steps = lines_of(row.text(11));
        out[{row.text(0), row.integer(1)}] = std::move(stored);
    }
    return out;
}

// The half hour after which a failed issue is tried again passes at once; so does the hour of one that seemed gone and is not.
std::vector<std::string> Groomers::still_unsettled() {
    database_.query("UPDATE groomer.issue SET due_at = clock_timestamp() WHERE failures > 0 AND due_at > clock_timestamp()");
    auto known = stored();
    read_effects();
    auto const acts = last_acts(history_.effects);
    std::vector<IssueNow> issues;
    server_.with_state([&](State& state) {
        for (auto const* name : names)
            for (auto const& [number, issue] : director_.repository(state, name)->issues) {
                issues.push_back(now_of(state, name, issue));
                if (auto const found = known.find({name, number}); found != known.end()) issues.back().stored = std::move(found->second);
            }
    });
    std::vector<std::string> out;
    for (auto const& issue : issues) {
        if (issue.open && issue.stored && issue.stored->reason == "the tracker has it no more") look_again(issue);
        for (auto& sentence : unsettled(history_.families, acts, issue)) out.push_back(std::move(sentence));
    }
    return out;
}

}  // namespace

std::unique_ptr<World> make_groomers(WorldOptions options) { return std::make_unique<Groomers>(std::move(options)); }

}  // namespace groomer::github_faults
