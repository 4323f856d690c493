/**
 * The SQL that is looked up by key or index, in one place, because `storage/schema.md` shows the plan of each and a
 * test compares the two.
 */

const reservationColumns = `
  SELECT r.number, r.id, s.id, s.concert_id, u.id, r.status, r.total_price, r.held_at_ms, r.expires_at_ms,
         r.paid_at_ms, c.section, c.row, c.number, t.price`;

const itsScheduleAndSeats = `
  CROSS JOIN concert_schedule s ON s.number = r.schedule_number
  CROSS JOIN reservation_ticket t ON t.reservation_number = r.number
  CROSS JOIN concert_seat c ON c.schedule_number = t.schedule_number AND c.position = t.seat_position`;

/** Asked by `ReadModelReader`. CROSS JOIN keeps the order of the loops, whatever statistics the file may hold. */
export const readerQueries = {
  'a user’s reservations, newest first': `${reservationColumns}
  FROM user u
  CROSS JOIN reservation r ON r.user_number = u.number${itsScheduleAndSeats}
  WHERE u.id = ? AND r.number < ?
  ORDER BY r.number DESC, t.seat_position`,
  'one reservation': `${reservationColumns}
  FROM reservation r
  CROSS JOIN user u ON u.number = r.user_number${itsScheduleAndSeats}
  WHERE r.id = ?
  ORDER BY t.seat_position`,
  'how far the read model is': `
  SELECT through FROM projection WHERE id = 1`,
} as const;

/** Asked by the projections, once or more for each event. */
export const projectionQueries = {
  'a user’s number': `
  SELECT number FROM user WHERE id = ?`,
  'a schedule’s number and seats': `
  SELECT s.number, l.sections
  FROM concert_schedule s
  CROSS JOIN seat_layout l ON l.schedule_number = s.number
  WHERE s.id = ?`,
  'a seat is held': `
  UPDATE concert_seat SET status = 'held', reservation_number = ? WHERE schedule_number = ? AND position = ?`,
  'a seat is free again': `
  UPDATE concert_seat SET status = 'available', reservation_number = NULL WHERE schedule_number = ? AND position = ?`,
  'a seat is sold': `
  UPDATE concert_seat SET status = 'sold' WHERE schedule_number = ? AND position = ?`,
  'a reservation is being paid, or held again': `
  UPDATE reservation SET status = ? WHERE id = ?`,
  'a reservation has ended': `
  UPDATE reservation SET status = ?, ended_at_ms = ? WHERE id = ?`,
  'a reservation is paid': `
  UPDATE reservation SET status = 'paid', paid_at_ms = ? WHERE id = ? RETURNING number`,
  'a session is renewed': `
  UPDATE waiting_token SET expires_at_ms = ? WHERE room = ? AND epoch = ? AND place = ?`,
  'a session has ended': `
  UPDATE waiting_token SET status = 'ended', ended_at_ms = ?, end_reason = ?
  WHERE room = ? AND epoch = ? AND place = ?`,
} as const;
