// Strangers of every kind at once, wrk among them, at a real replica: whoever asks for health is answered, and so is who comes from elsewhere
// with a token or a signature; afterwards nothing is left.
// HTTP_LOAD_BINARY names another binary than the release build (one with sanitizers), HTTP_LOAD_SECONDS how long it lasts.
#include "base/digest.hpp"
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
constexpr auto secret = "signs-webhooks";

class HttpLoad : public Api {
protected:
    void SetUp() override {
        Api::SetUp();
        ::setenv("GROOMER_GITHUB_WEBHOOK_SECRET", secret, 1);
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
    // Deliveries that nobody has signed and that never end: together they are longer than all that may be held.
    void hold_long_bodies() {
        auto const whole = post("/api/github/webhook", std::string(2UL * 1024 * 1024, '['));
        std::deque<RawClient> holding;
        for (; !over; std::this_thread::sleep_for(50ms)) {
            holding.emplace_back();
            if (!holding.back().connect(to) || !holding.back().send(whole.substr(0, whole.size() - 1))) holding.pop_back();
            if (holding.size() > 20) holding.pop_front();
        }
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
    // From another address than the strangers', as whoever asks for health does.
    [[nodiscard]] std::string from_elsewhere(std::string const& request) const {
        RawClient client;
        client.bind("127.0.0.9");
        return client.connect(to) && client.send(request) ? client.answer() : "";
    }
    static std::string pause() {
        return "POST /api/groomer/pause HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer the-token\r\nContent-Length: 0\r\n\r\n";
    }
    // Long enough to need room that is shared.
    static std::string delivery() {
        auto const body = R"({"zen":")" + std::string(200UL * 1024, 'x') + "\"}";
        return "POST /api/github/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-GitHub-Event: ping\r\n"
               "X-Hub-Signature-256: sha256=" +
               hmac_sha256_hex(secret, body) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    struct Asked {
        char const* what;
        std::vector<std::chrono::milliseconds> took{};
        void tell() {
            ASSERT_GT(took.size(), 2U) << what;
            std::sort(took.begin(), took.end());
            std::printf("%zu %s: p50 %lld ms, p99 %lld ms, the longest %lld ms\n", took.size(), what,
                        static_cast<long long>(took[took.size() / 2].count()), static_cast<long long>(took[took.size() * 99 / 100].count()),
                        static_cast<long long>(took.back().count()));
            EXPECT_LT(took.back(), 5s) << what << ": the machine is busy with the strangers, too";
        }
    };
    // Asked once: nobody should have to try again.
    void expect(Asked& asked, std::string const& request, int status) {
        auto const began = steady_clock::now();
        auto const answer = from_elsewhere(request);
        asked.took.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(status) + ' '))
            << asked.what << " after " << asked.took.back().count() << " ms: " << answer;
    }
    static std::ptrdiff_t open_files(Process const& replica) {
        std::filesystem::directory_iterator const all{"/proc/" + std::to_string(replica.pid()) + "/fd"};
        return std::distance(begin(all), end(all));
    }
    // What wrk tells: the number that stands before `what`, or else after it; -1 where it does not tell.
    static long told(std::string const& output, std::string const& what) {
        auto const at = output.find(what);
        if (at == std::string::npos) return -1;
        auto const line = output.rfind('\n', at) + 1;
        std::string const before = output.substr(line, at - line), after = output.substr(at + what.size(), 20);
        auto const digit = before.find_first_of("0123456789");
        return std::stol(digit != std::string::npos ? before.substr(digit) : after);
    }
    static int count(std::string const& text, std::string const& part) {
        int found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
        return found;
    }
    // KiB. The sanitizers keep what was freed for a while.
    [[nodiscard]] long most_memory() const { return (binary == GROOMER_BINARY ? 64 : 1024) * 1024; }

    std::chrono::seconds lasts{8};
    unsigned short to = 0;
    std::atomic<bool> over = false;
    std::vector<std::thread> strangers;
    Asked probes{"probes"}, pauses{"pauses"}, deliveries{"deliveries"};  // each of one thread
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
    spawn([&] { hold_long_bodies(); });
    spawn([&] { ask_for_the_status(); });
    spawn([&] { send(to, std::string(2000, '\x01') + "\r\n\r\n"); });
    spawn([&] { RawClient{}.connect(to); });  // without a word
    spawn([&] {                               // and one who is none
        expect(pauses, pause(), 200);
        expect(deliveries, delivery(), 202);
    });
    for (auto const end = steady_clock::now() + lasts; steady_clock::now() < end; std::this_thread::sleep_for(5ms))
        expect(probes, get("/healthz"), 200);
    end_strangers();
    EXPECT_EQ(flood.wait(20s), 0) << flood.output();
    std::printf("%s", flood.output().c_str());
    EXPECT_GT(told(flood.output(), " requests in "), std::max(0L, told(flood.output(), "Non-2xx or 3xx responses: ")));
    EXPECT_LE(told(flood.output(), "Socket errors: connect "), 0) << "it is let in, even if it is cut then";
    auto const log = replica.output(), of_page = std::string{R"("route":"/","status":)"};
    EXPECT_GT(count(log, of_page + "200"), 0);
    EXPECT_EQ(count(log, of_page), count(log, of_page + "200") + count(log, of_page + "503")) << "the page, or that it is busy";
    for (auto* asked : {&probes, &pauses, &deliveries}) asked->tell();
    EXPECT_TRUE(until([&] { return ask(to, "/api/status").status == 200; }));
    EXPECT_TRUE(until([&] { return open_files(replica) <= files + 10; })) << open_files(replica) << " after " << files;
    EXPECT_LT(replica.resident() - memory, most_memory()) << "KiB";
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(20s), 0) << "it stops in good order, and the sanitizers have found nothing: " << replica.output();
}

}  // namespace
}  // namespace groomer::test
