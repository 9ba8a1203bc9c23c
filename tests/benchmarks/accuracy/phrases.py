"""What people and tools say in the sessions that counting is measured on: several languages, code, JSON, emoji."""

# ruff: noqa: RUF001  # Chinese and Japanese have commas of their own

import json

LANGUAGES = {
    "English": (
        "Please check whether the migration ran in the staging database before we ship on Friday.",
        "If the job times out again, roll back first and tell the engineer on call; do not restart the cache node.",
        "The invoice total is off by 12.40 euros because the discount was applied after tax.",
        "Let's keep the old endpoint for two more releases and log every client that still calls it.",
        "I looked at the traces: most of the latency is spent waiting for a lock, not in the query itself.",
    ),
    "German": (
        "Bitte prüfen Sie, ob die Datenbankmigration in der Testumgebung gelaufen ist, bevor wir am Freitag ausliefern.",
        "Überstunden werden künftig nicht mehr ausbezahlt, sondern im Folgemonat ausgeglichen.",
        "Die Rechtsschutzversicherungsunterlagen liegen im Ordner Größenangaben, den Herr Müller angelegt hat.",
        "Wenn der Auftrag erneut abbricht, setzen wir zuerst zurück und benachrichtigen die Bereitschaft.",
        "Der Betrag weicht um 12,40 Euro ab, weil der Nachlass erst nach der Steuer abgezogen wurde.",
    ),
    "Spanish": (
        "Mañana revisaremos el presupuesto con el equipo de Bogotá; además, hay que decidir cuándo empieza la migración.",
        "¿Puedes enviarme el resumen de la reunión y los números de las facturas pendientes?",
        "Si el trabajo vuelve a fallar, primero deshacemos los cambios y después avisamos a la persona de guardia.",
        "El total no coincide porque el descuento se aplicó después de los impuestos.",
        "Conviene mantener el punto de acceso antiguo durante dos versiones más.",
    ),
    "Chinese": (
        "请把昨天的会议纪要发给我，并检查数据库迁移脚本是否已经在测试环境中运行。",
        "如果任务再次超时，请先回滚，再联系值班工程师，不要重启缓存节点。",
        "发票总额相差十二元四角，因为折扣是在税后计算的。",
        "旧接口再保留两个版本，并记录所有仍在调用它的客户端。",
        "从追踪数据来看，大部分延迟都花在等待锁上，而不是查询本身。",
    ),
    "Japanese": (
        "昨日の議事録を送ってください。また、移行スクリプトが検証環境で実行されたか確認してください。",
        "ジョブが再びタイムアウトした場合は、まずロールバックしてから当番の担当者に連絡してください。",
        "請求書の合計が合わないのは、割引が税引き後に適用されたためです。",
        "古いエンドポイントはあと二つのリリースまで残し、呼び出し元をすべて記録しましょう。",
        "トレースを見ると、遅延の大半はクエリではなくロック待ちでした。",
    ),
    "emoji": (
        "🎉🚀 Deployed! 👩‍💻👍🏽 all green ✅✅✅, thanks everyone ❤️‍🔥",
        "😅 the build is red again 🔴 … who broke it? 🕵️‍♀️ (it was me 🙈)",
        "🇩🇪 🇯🇵 🇧🇷 customers see the banner ⚠️, the others don't 🤷",
        "Coffee? ☕️🥐 12:30 📍 usual place 😎",
        "👀 reviewing… 🧵 left 3 comments 💬💬💬",
    ),
}

CODE = '''\
async def claim(self, job_id: str, owner: str) -> Lease | NotClaimed:
    """Take the lease of a job that may run; the same owner asking again gets the same lease."""
    answer = await self._script(keys=[keys.record(job_id)], args=["claim", owner, self._lease_ms])
    if answer[0] != b"ok":
        return NotClaimed(answer[1].decode())
    return Lease(job_id=job_id, owner=owner, attempt=int(answer[2]))

export const total = (rows: Row[]) => rows.reduce((sum, { price, count }) => sum + price * count, 0);
SELECT c.id, count(*) FILTER (WHERE o.state = 'open') FROM customers c LEFT JOIN orders o USING (id) GROUP BY 1;
'''

LOG = "\n".join(
    f"2026-03-{day:02d}T12:{day * 2:02d}:07.{day * 37 % 1000:03d}Z ERROR worker-{day} lease 0x{day * 7919:08x} lost after "
    f"{day * 13}.{day} ms id=resp_{day * 104729:032x}"
    for day in range(1, 9)
)

ROWS = [
    {
        "id": f"ord_{number:06d}",
        "customer": {
            "name": f"Customer {number}",
            "country": ("DE", "JP", "MX")[number % 3],
            "vip": number % 4 == 0,
        },
        "total": number * 17.35,
        "lines": [{"sku": f"A-{number * 7 % 97:03d}", "count": number % 5 + 1, "price": 3.5 * number}],
        "note": None,
    }
    for number in range(1, 13)
]
COMPACT_JSON = json.dumps(ROWS, separators=(",", ":"))
INDENTED_JSON = json.dumps(ROWS, indent=2)


def _tool(name: str, description: str, **parameters: tuple[str, str]) -> dict[str, object]:
    properties = {key: {"type": kind, "description": said} for key, (kind, said) in parameters.items()}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": schema,
        "strict": True,
    }


TOOLS = [
    _tool(
        "run_command",
        "Run a shell command in the checkout and return what it printed.",
        command=("string", "The command line."),
        timeout_seconds=("number", "How long it may take."),
    ),
    _tool("read_file", "Read a file.", path=("string", "Relative to the checkout.")),
    _tool(
        "search_orders",
        "Find orders of a customer, newest first.",
        customer=("string", "Name or id of the customer."),
        state=("string", "One of open, paid, shipped."),
        limit=("integer", "How many at most."),
    ),
    _tool("apply_patch", "Change files by a patch.", patch=("string", "A unified diff.")),
]
