/** Something that is counted for a connection. */
export interface Hold {
  /** Gives it back once the connection is over; more calls do nothing. */
  release(): void;
}
