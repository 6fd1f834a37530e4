// Writes that change texts, or close an issue: looked at before, found out about where the answer is lost, and not begun again while
// one that was lost may still arrive, since GitHub makes a second comment without asking.
#pragma once

#include "tracker/github/content.hpp"
#include "tracker/github/reader.hpp"
#include "tracker/github/repository.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace groomer::tracker::github {

class ContentWriter {
public:
    ContentWriter(Repository& repository, Reader& reader, std::chrono::milliseconds settle)
        : repository_{repository}, reader_{reader}, settle_{settle} {}

    // done, already, withheld, gone, failed or unknown; throw what fail() does.
    Task<WriteResult> set_comment(std::int64_t number, std::string name, std::string text, std::vector<std::string> earlier,
                                  WriteGuard guard);
    Task<WriteResult> set_section(std::int64_t number, std::string name, std::string text, WriteGuard guard);
    Task<WriteResult> set_title(std::int64_t number, std::string title, WriteGuard guard);
    Task<WriteResult> close(std::int64_t number, CloseReason reason, WriteGuard guard);
    Task<WriteResult> reopen(std::int64_t number, WriteGuard guard);

private:
    // How it stands before a write, and what is to be sent.
    struct Sight {
        enum class State { gone, as_wanted, refused, wanting };
        explicit Sight(State s) : state{s} {}
        State state;
        std::string why;           // refused
        std::optional<Call> call;  // wanting
    };
    struct Wanted {
        std::string name, body;
        std::vector<std::string> earlier;  // bodies that it may have; empty: any
    };
    // Our comment among all of the issue's.
    struct Search {
        std::optional<OwnComment> found;
        bool gone = false;
        bool complete = false;  // there is no page left where it could be
        bool too_large = false;
    };
    using Look = std::function<Task<Sight>()>;
    // The request's body, as JSON; "" where the issue is as it should be, nothing where that cannot be had.
    using Edit = std::function<std::optional<std::string>(Content const&)>;

    struct Change {
        std::int64_t number = 0;
        Limits::Kind kind = Limits::Kind::write;
        Look look;
        WriteGuard guard;
        bool whole = true;     // what stands there is written over, whatever it is: not so a comment, whose text is looked at
        std::string url = {};  // that it was sent to first
    };

    static WriteResult unwritten(Sight const& sight);
    Task<WriteResult> write(Change change);
    static Task<bool> is_still_same(Change const& change);
    Task<> wait_for_room(Change const& change);
    Task<Answer> send(Change const& change, Call call);
    Task<WriteResult> settle(Change const& change, Answer answer);
    Task<WriteResult> follow(Change const& change, std::string url);
    Task<WriteResult> find_out(Change const& change, Answer answer);
    Task<Search> search(std::int64_t number, std::string name, Account self, int size);
    Task<Sight> look_for_comment(std::int64_t number, Wanted wanted);
    Task<Sight> look_at_content(std::int64_t number, Edit edit);
    [[nodiscard]] std::optional<std::chrono::milliseconds> still_uncertain(std::int64_t number);

    Repository& repository_;
    Reader& reader_;
    std::chrono::milliseconds const settle_;
    std::map<std::int64_t, BootTime::time_point> uncertain_;  // issues, until when a lost write may take effect
};

}  // namespace groomer::tracker::github
