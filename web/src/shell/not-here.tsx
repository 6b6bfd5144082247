/** What an address that leads nowhere says. */
import { Link } from "@tanstack/react-router";

export function NotHere() {
  return (
    <div className="empty">
      <h1>Nothing has this address</h1>
      <p>The link may be from another version of Waybill, or a part of it is missing.</p>
      <p>
        <Link to="/chats" className="button">
          To the chats
        </Link>
      </p>
    </div>
  );
}
