// Strangers of every kind at once, wrk among them, at a real replica: whoever asks for health is answered, and afterwards nothing is left.
// HTTP_LOAD_BINARY names another binary than the release build (one with sanitizers), HTTP_LOAD_SECONDS how long it lasts.
#include "integration/api.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>

namespace groomer::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto wrk = "/usr/bin/wrk";

class HttpLoad : public Api {
protected:
    void SetUp() override {
        Api::SetUp();
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        if (auto const* other = std::getenv("HTTP_LOAD_BINARY")) binary = other;
        if (auto const* text = std::getenv("HTTP_LOAD_SECONDS")) lasts = std::chrono::seconds{std::stoi(text)};
    }

    void spawn(std::function<void()> stranger) {
        strangers.emplace_back([this, stranger = std::move(stranger)] {
            while (!over) stranger();
        });
    }
    // A byte a moment on each of 300 connections.
    void drip() {
        std::vector<RawClient> slow;
        for (std::size_t i = 0; !over; ++i, std::this_thread::sleep_for(1ms)) {
            if (slow.size() < 300) {
                slow.emplace_back();
                if (!slow.back().connect(to) || !slow.back().send("GET /api/status HTTP/1.1\r\nX: ")) slow.pop_back();
            } else if (!slow[i % 300].send("x")) {
                return;
            }
        }
    }
    // Thousands of requests on each of 300 connections, of which no answer is read.
    void pipeline_and_never_read() {
        std::string requests;
        for (int i = 0; i < 1000; ++i) requests += get("/api/openapi.json");
        std::deque<RawClient> deaf;
        while (!over) {
            deaf.emplace_back(4096);
            if (!deaf.back().connect(to) || !deaf.back().send(requests)) deaf.pop_back();
            if (deaf.size() > 300) deaf.pop_front();
            std::this_thread::sleep_for(2ms);
        }
    }
    void send_a_body_that_never_ends() {
        std::string const chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
        RawClient client;
        if (!client.connect(to) || !client.send("POST /api/status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")) return;
        for (int i = 0; i < 100 && !over && client.send(chunk); ++i) {
        }
    }
    void send_a_body_that_is_too_long() {
        send(to, post("/api/groomer/run", std::string(300'000, '[')));
        send(to, post("/api/github/webhook", std::string(3'000'000, '[')));
    }
    void ask_for_the_status() {
        RawClient client;
        client.connect(to);
        while (!over && client.send(get("/api/status", "Authorization: Bearer the-token\r\n")) && !client.answer().empty()) {
        }
    }
    void end_strangers() {
        over = true;
        for (auto& stranger : strangers) stranger.join();
        strangers.clear();
    }
    // From another address, as whoever asks for health does.
    [[nodiscard]] bool is_healthy() const {
        RawClient client;
        client.bind("127.0.0.9");
        return client.connect(to) && client.send(get("/healthz")) && client.answer().starts_with("HTTP/1.1 200 ");
    }
    // Asked once each: nobody should have to try again.
    std::vector<std::chrono::milliseconds> probe_until(steady_clock::time_point end) {
        std::vector<std::chrono::milliseconds> took;
        while (steady_clock::now() < end) {
            auto const began = steady_clock::now();
            EXPECT_TRUE(is_healthy());
            took.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began));
            std::this_thread::sleep_for(5ms);
        }
        std::sort(took.begin(), took.end());
        return took;
    }
    static std::ptrdiff_t open_files(Process const& replica) {
        std::filesystem::directory_iterator const all{"/proc/" + std::to_string(replica.pid()) + "/fd"};
        return std::distance(begin(all), end(all));
    }
    // KiB. The sanitizers keep what was freed for a while.
    [[nodiscard]] long most_memory() const { return (binary == GROOMER_BINARY ? 64 : 1024) * 1024; }

    std::chrono::seconds lasts{8};
    unsigned short to = 0;
    std::atomic<bool> over = false;
    std::vector<std::thread> strangers;
};

TEST_F(HttpLoad, ProbesAreAnsweredWhateverStrangersDoAndNothingIsLeftOfIt) {
    ASSERT_TRUE(std::filesystem::exists(wrk)) << "install it: deploy/local/packages tests";
    auto& replica = start();
    to = port(replica);
    ASSERT_TRUE(until([&] { return ask(to, "/api/status").status == 200; }));
    auto const memory = replica.resident();
    auto const files = open_files(replica);
    std::string const seconds = std::to_string(lasts.count());
    Process flood{{wrk, "-t1", "-c64", "-d" + seconds + "s", "http://127.0.0.1:" + std::to_string(to) + "/"},
                  (folder / "wrk.log").string()};
    spawn([&] { drip(); });
    spawn([&] { pipeline_and_never_read(); });
    spawn([&] { send_a_body_that_never_ends(); });
    spawn([&] { send_a_body_that_is_too_long(); });
    spawn([&] { ask_for_the_status(); });
    spawn([&] { send(to, std::string(2000, '\x01') + "\r\n\r\n"); });
    spawn([&] { RawClient{}.connect(to); });  // without a word
    auto const took = probe_until(steady_clock::now() + lasts);
    end_strangers();
    EXPECT_EQ(flood.wait(20s), 0) << flood.output();
    ASSERT_GT(took.size(), 10U);
    std::printf("%zu probes: p50 %lld ms, p99 %lld ms, the longest %lld ms\n%s", took.size(),
                static_cast<long long>(took[took.size() / 2].count()), static_cast<long long>(took[took.size() * 99 / 100].count()),
                static_cast<long long>(took.back().count()), flood.output().c_str());
    EXPECT_LT(took.back(), 5s) << "the machine is busy with the strangers, too";
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 200; }));
    EXPECT_TRUE(until([&] { return open_files(replica) <= files + 10; })) << open_files(replica) << " after " << files;
    EXPECT_LT(replica.resident() - memory, most_memory()) << "KiB";
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(20s), 0) << "it stops in good order, and the sanitizers have found nothing: " << replica.output();
}

}  // namespace
}  // namespace groomer::test
