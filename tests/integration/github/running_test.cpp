// groomer while it runs: what it shows of GitHub's quota, and a key that is replaced meanwhile.
#include "integration/github/on_github.hpp"

#include <boost/json/parse.hpp>

#include <cstring>
#include <functional>
#include <thread>

namespace groomer::test {
namespace {

class RunningOnGithub : public OnGithub {
protected:
    static bool until(std::function<bool()> const& holds) {
        auto const end = std::chrono::steady_clock::now() + 30s;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(20ms);
        }
        return true;
    }
    static unsigned short metrics_port(Process const& process) {
        constexpr char const* name = "\"metrics_port\":";
        if (!process.says(name, 10s)) return 0;
        auto const text = process.output();
        return static_cast<unsigned short>(std::stoi(text.substr(text.find(name) + std::strlen(name))));
    }
    // The value of a series; -1 where there is none.
    static double shown(unsigned short port, std::string const& series) {
        std::string text;
        http_get(port, "/metrics", &text);
        auto const at = text.find("\n" + series + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
    }
    bool is_groomed(int issue) {
        auto const done = effects();
        return std::any_of(done.begin(), done.end(), [&](auto const& effect) { return effect.at("issue") == issue; });
    }
};

TEST_F(RunningOnGithub, ItsMetricsShowTheQuotaThatGithubTells) {
    server.with_state([](State& state) { state.limits.options.per_hour = 4321; });
    configure("dry-run", "0s");
    auto const process = start({"run"});
    auto const port = metrics_port(*process);
    auto const gauge = [&](std::string const& what) { return shown(port, "groomer_tracker_rate_limit_" + what + "{resource=\"core\"}"); };
    auto const quota = [&] { return server.with_state([this](State& state) { return state.limits.quota("groomer", server.now()); }); };
    // It goes on asking: what is shown is compared between two requests.
    EXPECT_TRUE(until([&] { return gauge("remaining") == static_cast<double>(quota().remaining()); }))
        << gauge("remaining") << " is shown, " << quota().remaining() << " are left";
    EXPECT_LT(gauge("remaining"), 4321);
    EXPECT_EQ(gauge("limit"), 4321);
    EXPECT_EQ(gauge("reset_timestamp_seconds"), static_cast<double>(quota().reset));
}

TEST_F(RunningOnGithub, AnAppsNewKeyIsUsedWithoutARestart) {
    auto const key_file = folder / "app.pem";
    auto const put = [&](std::string const& key) {  // as a whole, like a mounted secret
        std::ofstream{folder / "new.pem"} << key;
        std::filesystem::rename(folder / "new.pem", key_file);
    };
    auto const accept = [&](std::string const& key) {
        server.with_state([&](State& state) {
            state.access.add_app({7, "groomer", key, ""});
            state.access.revoke_all();
        });
    };
    auto const [old_private, old_public] = made_key();
    auto const [new_private, new_public] = made_key();
    put(old_private);
    accept(old_public);
    server.with_state([](State& state) {
        fake_github::Installation installation{.id = 70, .app = 7, .account = "octocat"};
        auto& repository = add_labelled(state, "octocat/hello-world");
        state.add_issue(repository, {.title = "It crashes", .body = "Segmentation fault"});
        installation.repositories[repository.id] = fake_github::Right::write;
        state.access.add_installation(installation);
    });
    configure("apply", "0s", ", app: {id: 7, installation_id: 70, private_key_file: \"" + key_file.string() + "\"}", "octocat/hello-world");
    auto const process = start({"run"}, "");
    ASSERT_TRUE(until([&] { return is_groomed(1); })) << process->output();
    accept(new_public);
    put(new_private);
    server.with_state([this](State& state) {
        auto const now = fake_github::seconds_of(server.now());
        state.add_issue(state.at("octocat/hello-world"), {.title = "It hangs", .body = "For ever", .created = now, .updated = now});
    });
    EXPECT_TRUE(until([&] { return is_groomed(2); })) << process->output();
    EXPECT_TRUE(process->running());
}

}  // namespace
}  // namespace groomer::test
