// The state of an engine: every request that is in it has a slot, and is incoming, waiting, prefilling, decoding, or
// held for a hand-over. engine_core.cpp moves time, engine_schedule.cpp decides each step, engine_blocks.cpp keeps the
// books of the cache.
#pragma once

#include <deque>
#include <map>

#include "stargate/engine/decode_set.hpp"
#include "stargate/engine/engine.hpp"
#include "stargate/engine/prefix_cache.hpp"
#include "stargate/engine/wait_queue.hpp"

namespace stargate {

/// incoming: submitted, its arrival lies ahead. held: prefilled, its cache waits to be fetched by another engine.
enum class SequenceState : std::uint8_t { gone, incoming, waiting, prefilling, decoding, held };

struct Sequence {
  Request request;                            ///< as submitted
  RequestRecord record;                       ///< times so far, told when it leaves
  SequenceState state = SequenceState::gone;  ///< gone: the slot is free
  bool has_cache = false;      ///< waits with its cache elsewhere (swapped out, or prefilled by another engine)
  std::int32_t target = 0;     ///< tokens to have in the cache before it decodes
  std::int32_t computed = 0;   ///< of them, there
  std::int32_t generated = 0;  ///< tokens given out before it joined the decodes
  PrefixCache::Hold shared;                            ///< leading hashes it references,
  std::int32_t shared_tokens = 0;                      ///< and tokens they spare it
  std::int64_t private_blocks = 0;                     ///< while prefilling or held
  std::int64_t joined = 0;                             ///< position at which it began to decode
  std::int64_t order = 0;                              ///< of admission; larger is later
  std::size_t rank = 0;                                ///< that holds its cache, once it has begun
  std::int64_t reserved_blocks = 0;                    ///< kept for its last token, where admission guarantees it
  std::size_t running_index = 0;                       ///< its place in running_
};

class Engine::Core {
 public:
  Core(const EngineSpec& spec, const StepCost& cost, std::int32_t replica);

  void submit(const Request& request, const RequestRecord* prefilled);
  bool fits(const Request& request) const;
  void release(std::int64_t request_id, SimTime now);
  SimTime next_event() const;
  void advance(SimTime until, EngineListener& listener);
  std::vector<Request> abandon();
  EngineLoad load() const;
  std::int64_t prefix_match(const Request& request) const;

 private:
  using Picoseconds = std::int64_t;
  using Slot = std::int32_t;
  struct Chunk {
    Slot slot;            ///< of the prompt
    std::int32_t tokens;  ///< put into the step
    double pairs;         ///< queries times keys each sees: what attention of this chunk costs
    std::size_t group;    ///< index into Plan::groups
  };
  /// One data-parallel rank: its sequences and its pool.
  struct Rank {
    Rank(int block_size, double tokens_per_step) : decoding(block_size, tokens_per_step) {}
    DecodeSet decoding;  ///< all that gain a token in a step that decodes
    PrefixCache cache;   ///< blocks known by hash, in use or idle
    std::int64_t prefill_blocks = 0, held_blocks = 0, reserved_blocks = 0;  ///< of prompts; for hand-overs; promised
    std::int64_t running = 0;                                               ///< sequences, prefilling and decoding
    std::int64_t growth = 0;      ///< blocks its decodes take in the step that is planned
    bool front_has_idle = false;  ///< who waits first fits less or better when idle blocks go
  };
  /// Prompts in one group's part of a step, and the tokens it has room for.
  struct GroupLoad {
    std::int64_t room = 0;          ///< tokens left of the step's budget
    int sequences = 0, tokens = 0;  ///< with a prompt in this step; of prompts
    double pairs = 0;               ///< queries times keys
  };
  /// What the next step does. Made by schedule() before each step, and kept until the step has ended.
  struct Plan {
    std::vector<Chunk> chunks;           ///< prompts of the step, in the order they were put in
    std::vector<GroupLoad> groups;       ///< data_parallel x pipeline, a rank's groups side by side
    std::size_t group = 0;               ///< that takes the next prompt
    bool decodes = false;                ///< the decoding sequences take part
    bool preempted = false;              ///< somebody had to give way
    std::vector<std::int64_t> gave_way;  ///< requests, since the last step
    Duration swap;                       ///< caches moved before it
    bool single() const { return !chunks.empty() || swap > Duration{}; }
    bool empty() const { return chunks.empty() && !decodes; }
  };

  Sequence& at(Slot slot) { return slots_[static_cast<std::size_t>(slot)]; }
  const Sequence& at(Slot slot) const { return slots_[static_cast<std::size_t>(slot)]; }
  Rank& rank_of(const Sequence& sequence) { return ranks_[sequence.rank]; }
  const Rank& rank_of(const Sequence& sequence) const { return ranks_[sequence.rank]; }
  /// Over all ranks.
  int decoding_size() const;
  std::int64_t decoding_tokens() const;  ///< in the caches of all that decode
  std::int64_t position() const { return ranks_.front().decoding.position(); }

  // engine_core.cpp: time
  SimTime to_sim_time(Picoseconds time) const;
  Picoseconds from_sim_time(SimTime time) const;   ///< since origin_
  void absorb_arrivals();                          ///< whoever has come by now_ waits from here on
  std::int64_t receive_interval() const;           ///< decode steps between two looks at who has come
  bool begin_step(SimTime until);                  ///< plans the next step; false when none begins by then
  Duration single_step_time() const;               ///< of the plan, when it has prompts or moves caches
  void refresh_decode_cost();                      ///< asks the cost again where batch or stretch have changed
  std::int64_t run_limit() const;                  ///< decode steps until something else may happen
  Picoseconds run_time(std::int64_t steps) const;  ///< closed form, from the next step on
  std::int64_t steps_within_time(Picoseconds span, std::int64_t limit) const;    ///< its inverse, rounded down
  StepRun describe_run(std::int64_t steps) const;                                ///< what is known before the run
  void tell_batch(EngineListener& listener);                                     ///< who takes part, where asked for
  void run_decodes(std::int64_t steps, EngineListener& listener);                ///< advances a run in one piece
  void end_single_step(EngineListener& listener);                                ///< a step with prompts is over
  void end_decodes(std::int64_t steps, StepRun& run, EngineListener& listener);  ///< tokens given out, ended ones leave
  void end_chunk(const Chunk& chunk, StepRun& run, EngineListener& listener);    ///< its tokens are in the cache
  void finish(Slot slot, EngineListener& listener);                              ///< the last token is out
  void hold(Slot slot, EngineListener& listener);  ///< prefill only: the cache waits for its reader

  // engine_schedule.cpp: who is in the next step
  void schedule();
  void schedule_static_batch();                              ///< the rule of EngineKind::static_batch
  void make_room_for_decodes();                              ///< a step's growth fits every rank, or somebody gives way
  void plan_growth(Rank& rank) const;                        ///< blocks that one step of its decodes takes
  bool waits_for_ranks() const;                              ///< prompts are held back until each rank can have one
  void open_budget(bool with_decodes);                       ///< tokens of each group, less those of its decodes
  void continue_prompts();                                   ///< next chunks of prompts under way
  bool make_room_for_chunk(Slot slot, std::int64_t tokens);  ///< false: it had to give way itself
  void admit();                                              ///< from the queue's front, until one cannot come in
  bool admit_front();                                        ///< tries each rank, the emptiest first
  bool admit_on(std::size_t rank, Slot slot);                ///< a prompt that is to be computed here
  bool admit_with_cache(std::size_t rank, Slot slot);        ///< one whose cache comes from elsewhere
  void begin_on(std::size_t rank, Slot slot);                ///< leaves the queue, belongs to the rank
  std::int64_t next_chunk(std::size_t rank, std::int64_t tokens);  ///< how many of them the step takes; 0: none
  void add_chunk(Slot slot, std::int64_t tokens);                  ///< into the plan, with its blocks
  bool may_admit(const Rank& rank, const Sequence& sequence, std::int64_t blocks) const;  ///< by the admission policy
  std::int64_t whole_blocks(const Request& request) const;                                ///< at its last token
  void preempt(Slot slot);              ///< gives way: its blocks are free, it waits again
  Slot victim(std::size_t rank) const;  ///< who gives way next on that rank
  std::int64_t most_running() const;    ///< sequences that one rank may have

  // engine_blocks.cpp: who holds what
  std::int64_t blocks_of(std::int64_t tokens) const { return (tokens + spec_.kv.block_size - 1) / spec_.kv.block_size; }
  std::int64_t used_blocks(const Rank& rank) const;  ///< idle prefix blocks do not count
  std::int64_t used_blocks() const;                  ///< of all ranks
  std::int64_t free_blocks(const Rank& rank) const { return spec_.kv.blocks - used_blocks(rank); }
  std::int64_t block_tokens(std::int64_t tokens) const { return tokens / spec_.kv.block_size * spec_.kv.block_size; }
  /// Tokens of its prompt that the cache spares, and what was found.
  std::int64_t usable_match(const Rank& rank, const Sequence& sequence, PrefixCache::Match& match) const;
  void take_prefix(Sequence& sequence, int entries, std::int64_t tokens);
  void share_prefix(Sequence& sequence, std::int64_t tokens);        ///< makes its computed blocks known by hash
  void set_private_blocks(Sequence& sequence, std::int64_t tokens);  ///< of a prompt that has so many tokens
  void start_running(Slot slot);                                     ///< into running_
  void stop_running(Slot slot);                                      ///< out of it, O(1)
  void join_decodes(Slot slot);                                      ///< its blocks are the DecodeSet's from here on
  void leave_decodes(Slot slot);                                     ///< and its own again
  void let_go(Sequence& sequence);                                   ///< shared and reserved blocks
  void trim_cache();                                                 ///< idle prefix blocks give way to what is used
  void free_slot(Slot slot);                                         ///< to be taken by the next request

  EngineSpec spec_;       ///< a copy: an engine can be moved and remade
  const StepCost* cost_;  ///< not owned
  std::int32_t replica_;  ///< its number, for records

  std::vector<Sequence> slots_;          ///< grows to the most requests ever inside
  std::vector<Slot> free_slots_;         ///< gone, to be used again
  std::deque<Slot> incoming_;            ///< submitted, in order of arrival
  WaitQueue waiting_;                    ///< arrived, not let in
  std::vector<Slot> running_;            ///< prefilling and decoding, in no order
  std::vector<Slot> prefilling_;         ///< in order of admission
  std::map<std::int64_t, Slot> held_;    ///< by request id
  std::vector<Rank> ranks_;              ///< data-parallel
  std::vector<std::size_t> rank_order_;  ///< emptiest first, while somebody is let in
  std::int64_t orders_ = 0;              ///< admissions so far
  std::int64_t waiting_tokens_ = 0;      ///< of prompts not begun
  std::int64_t unheard_ = 0;             ///< decode steps since a step with prompts: requests are received at multiples
  std::int64_t waited_ = 0;              ///< decode steps since somebody could have been let in, until one is
  bool warm_ = false;                    ///< a prompt has been through
  int batch_size_ = 0;                   ///< of a static batch, those that have ended included

  Plan plan_;                 ///< of the next step, or the one under way
  bool blocked_ = false;      ///< nothing runs, and who waits cannot begin until blocks are released
  bool under_way_ = false;    ///< the plan has been made and its step has begun at now_
  SimTime origin_;            ///< from which picoseconds count
  Picoseconds now_ = 0;       ///< beginning of the step under way, or end of the last one
  Picoseconds step_end_ = 0;  ///< of a single step
  // The run of decode steps: the next one's time, what each adds to it, steps for which that holds.
  Picoseconds decode_step_ = 0, decode_growth_ = 0;
  std::int64_t decode_steps_left_ = 0;  ///< on the stretch over which the cost is linear
  bool decode_changed_ = true;          ///< somebody joined or left: ask the cost again
};

}  // namespace stargate
