/**
 * The bounds of the system, with their units (invariant 8); those of one module alone stand there. A full one answers
 * `overloaded` at once, or says what else.
 */
export const limits = {
  /** Client commands arrived and not yet answered, in one engine. */
  waitingCommandsMax: 1_024,
  /** Turns in one batch; the batch that is full waits for the writer. */
  batchTurnsMax: 4_096,
  /** Characters of the turns in one batch: a commit of so many takes a disk of 30 MB/s a quarter of a second. */
  batchCharsMax: 8 * 1024 * 1024,
  /** Effects and deadlines handled in one turn. */
  turnMessagesMax: 10_000,
  /** Holds or sessions ended by one `ExpireDue`; the rest follows in the next turn. */
  expiriesPerTurnMax: 200,
  /** Actors in memory, above which those that could leave it do; and the same in bytes of their snapshots. */
  idleActorsMax: 10_000,
  idleBytesMax: 128 * 1024 * 1024,
  /** Bound keys remembered in memory; older ones are read from the index. */
  keysInMemoryMax: 500_000,
  /** Keys from before the start that are loaded into memory at once: some milliseconds. */
  keysPageMax: 2_000,
  /** Pause between two such pages, ms: a start comes first. */
  keysPageEveryMs: 25,
  /** How long a key stays bound, ms. */
  keyTtlMs: 24 * 60 * 60 * 1000,
  /** People in the engine's own line, per room. */
  engineLineMax: 100_000,
  /** Live sessions per room, whatever its policy says. */
  sessionsMax: 1_000_000,
  /** Ranges of places left early, per line. */
  leaverRangesMax: 1_000_000,
  /** Waiting rooms. */
  roomsMax: 1_000,
  /** Seats of one schedule. */
  scheduleSeatsMax: 1_000_000,
  /** Ended reservations that a schedule keeps whole; older ones shrink. */
  endedReservationsMax: 10_000,
  /** Balance of a wallet, minor units. */
  balanceMax: 1_000_000_000_000,
  /** One charge, minor units. */
  chargeAmountMax: 1_000_000_000,
  /** Request body, bytes. */
  bodyBytesMax: 64 * 1024,
  /** Of a body beyond its bound, read and thrown away so that the refusal arrives, bytes. */
  discardedBytesMax: 32 * 1024 * 1024,
  /** Request body of an admin call, bytes. */
  adminBodyBytesMax: 8 * 1024 * 1024,
  /** Connections to the HTTP door; fewer where the process may open fewer files. One more is closed at once. */
  connectionsMax: 50_000,
  /** Answers that wait for the end of a round of the event loop; with more of them some go out before. */
  gatheredAnswersMax: 256,
  /** Large answers that their readers have not taken, all together; past it, who has had one for longest is cut off. */
  unreadAnswersBytesMax: 256 * 1024 * 1024,
  /** Streams of queue events. */
  queueStreamsMax: 20_000,
  /** Streams of seat changes: in all, and of one queue session (the oldest ends). */
  seatStreamsMax: 20_000,
  seatStreamsPerSessionMax: 4,
  /** Frames of seat changes sent in a second; with more readers each gets them less often. */
  seatFramesPerSecondMax: 10_000,
  /** Unread bytes of seat changes at which a reader is cut off. */
  seatUnreadBytesMax: 1024 * 1024,
  /** Dates whose seat changes are kept for streams; seats in these changes, of one date and in all. */
  seatSchedulesMax: 1_000,
  seatChangesPerScheduleMax: 16_384,
  seatChangesMax: 500_000,
  /** Users, and addresses, whose rate of requests is remembered. */
  rateEntriesMax: 100_000,
  /** Verified queue tokens remembered. */
  tokenCacheMax: 200_000,
  /** Age of an event in the feed's stream, ms. */
  feedAgeMaxMs: 7 * 24 * 60 * 60 * 1000,
  /** Size of the feed's stream, bytes; the oldest events go first. */
  feedBytesMax: 10 * 1024 ** 3,
  /** How long the feed's stream knows the ids of its events, ms: a repetition within it is not stored again. */
  feedDuplicateWindowMs: 2 * 60 * 1000,
  /** Events on their way to the feed's stream: messages, and bytes of their bodies. */
  feedInFlightMax: 1_024,
  feedInFlightBytesMax: 8 * 1024 * 1024,
  /** Requests over NATS that are not yet answered. */
  natsRequestsInFlightMax: 1_024,
  /** Durable commands taken from the work queue and not yet acked. */
  durableInFlightMax: 512,
  /** Durable commands in the work queue; the server refuses the next one. */
  durableCommandsMax: 1_000_000,
  /** How long a durable command that found the engine full or stopping waits before it comes again, ms. */
  durableRetryMs: 250,
  /** Original headers that a report of a rejected message carries, characters: all that JetStream stores. */
  rejectedHeadersMax: 64 * 1024,
  /** How long a start waits for the data directory's lock, ms. */
  lockWaitMs: 5_000,
  /** How long a start waits for NATS before it goes on without, ms. */
  natsStartWaitMs: 2_000,
  /** People in a line on JetStream above the last one dealt with, per room. */
  streamLineMax: 2_000_000,
  /** How long a graceful stop may take, ms. Whatever the disk has been given by then still has to end. */
  drainMs: 7_000,
} as const;

export type Limits = typeof limits;
