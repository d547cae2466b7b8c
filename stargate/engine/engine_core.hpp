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
  std::int32_t shared_entries = 0, shared_tokens = 0;  ///< leading hashes it references, tokens they spare it
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
    DecodeSet decoding;
    PrefixCache cache;
    std::int64_t prefill_blocks = 0, held_blocks = 0, reserved_blocks = 0;
    std::int64_t running = 0;     ///< sequences, prefilling and decoding
    std::int64_t growth = 0;      ///< blocks its decodes take in the step that is planned
    bool front_has_idle = false;  ///< who waits first fits less or better when idle blocks go
  };
  /// Prompts in one group's part of a step, and the tokens it has room for.
  struct GroupLoad {
    std::int64_t room = 0;
    int sequences = 0, tokens = 0;
    double pairs = 0;
  };
  /// What the next step does. Made by schedule() before each step, and kept until the step has ended.
  struct Plan {
    std::vector<Chunk> chunks;
    std::vector<GroupLoad> groups;
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
  Picoseconds from_sim_time(SimTime time) const;
  void absorb_arrivals();
  bool begin_step(SimTime until);
  Duration single_step_time() const;
  void refresh_decode_cost();
  std::int64_t run_limit() const;
  Picoseconds run_time(std::int64_t steps) const;
  std::int64_t steps_within_time(Picoseconds span, std::int64_t limit) const;
  StepRun describe_run(std::int64_t steps) const;
  void tell_batch(EngineListener& listener);
  void run_decodes(std::int64_t steps, EngineListener& listener);
  void end_single_step(EngineListener& listener);
  void end_decodes(std::int64_t steps, StepRun& run, EngineListener& listener);
  void end_chunk(const Chunk& chunk, StepRun& run, EngineListener& listener);
  void finish(Slot slot, EngineListener& listener);
  void hold(Slot slot, EngineListener& listener);

  // engine_schedule.cpp: who is in the next step
  void schedule();
  void schedule_static_batch();
  void make_room_for_decodes();
  void plan_growth(Rank& rank) const;
  bool waits_for_ranks() const;
  void open_budget(bool with_decodes);
  void continue_prompts();
  bool make_room_for_chunk(Slot slot, std::int64_t tokens);
  void admit();
  bool admit_front();
  bool admit_on(std::size_t rank, Slot slot);
  bool admit_with_cache(std::size_t rank, Slot slot);
  void begin_on(std::size_t rank, Slot slot);
  std::int64_t next_chunk(std::size_t rank, std::int64_t tokens);
  void add_chunk(Slot slot, std::int64_t tokens);
  bool may_admit(const Rank& rank, const Sequence& sequence, std::int64_t blocks) const;
  std::int64_t whole_blocks(const Request& request) const;
  void preempt(Slot slot);
  Slot victim(std::size_t rank) const;
  std::int64_t most_running() const;

  // engine_blocks.cpp: who holds what
  std::int64_t blocks_of(std::int64_t tokens) const { return (tokens + spec_.kv.block_size - 1) / spec_.kv.block_size; }
  std::int64_t used_blocks(const Rank& rank) const;
  std::int64_t used_blocks() const;
  std::int64_t free_blocks(const Rank& rank) const { return spec_.kv.blocks - used_blocks(rank); }
  std::int64_t block_tokens(std::int64_t tokens) const { return tokens / spec_.kv.block_size * spec_.kv.block_size; }
  std::int64_t usable_match(const Rank& rank, const Sequence& sequence, PrefixCache::Match& match) const;
  void take_prefix(Sequence& sequence);
  void share_prefix(Sequence& sequence, std::int64_t tokens);
  void set_private_blocks(Sequence& sequence, std::int64_t tokens);
  void start_running(Slot slot);
  void stop_running(Slot slot);
  void join_decodes(Slot slot);
  void leave_decodes(Slot slot);
  void let_go(Sequence& sequence);
  void trim_cache();
  void free_slot(Slot slot);

  EngineSpec spec_;
  const StepCost* cost_;
  std::int32_t replica_;

  std::vector<Sequence> slots_;
  std::vector<Slot> free_slots_;
  std::deque<Slot> incoming_;
  WaitQueue waiting_;
  std::vector<Slot> running_;     ///< prefilling and decoding, in no order
  std::vector<Slot> prefilling_;  ///< in order of admission
  std::map<std::int64_t, Slot> held_;
  std::vector<Rank> ranks_;
  std::vector<std::size_t> rank_order_;  ///< emptiest first, while somebody is let in
  std::int64_t orders_ = 0;
  std::int64_t waiting_tokens_ = 0;
  std::int64_t waited_ = 0;  ///< decode steps since somebody could have been let in, until one is
  bool warm_ = false;        ///< a prompt has been through
  int batch_size_ = 0;       ///< of a static batch, those that have ended included

  Plan plan_;
  bool blocked_ = false;      ///< nothing runs, and who waits cannot begin until blocks are released
  bool under_way_ = false;    ///< the plan has been made and its step has begun at now_
  SimTime origin_;            ///< from which picoseconds count
  Picoseconds now_ = 0;       ///< beginning of the step under way, or end of the last one
  Picoseconds step_end_ = 0;  ///< of a single step
  // The run of decode steps: the next one's time, what each adds to it, steps for which that holds.
  Picoseconds decode_step_ = 0, decode_growth_ = 0;
  std::int64_t decode_steps_left_ = 0;
  bool decode_changed_ = true;
};

}  // namespace stargate
