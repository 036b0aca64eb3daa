#!/usr/bin/env python3
"""Writes wetext_cases.json: what the Python package says to each text below.

  pip install wetext==0.1.8 && tests/data/wetext_cases.py

Texts with quotation marks or backslashes are left out: the package escapes them twice.
"""
import json
import pathlib

from wetext import Normalizer

TEXTS = {
    "en": [
        "I have 12 cats.", "1,234,567 people", "Pi is 3.14.", "agent 007", "It is -5 outside",
        "10-20", "the 21st and the 2nd", "half is 1/2, not 3/4", "call 555-123-4567 now",
        "It costs $5.", "$12.50", "£3 million", "€99", "¥500", "$1", "at 3:05 pm.", "14:30",
        "10 a.m. sharp", "9:00", "2026-03-03", "12/25/1999", "Jan 5, 2024", "July 4, 1776",
        "in 1984", "the 1990s", "5 km/h", "20°C", "99.9%", "16 GB", "3 kg of rice", "60 mph",
        "a 10 m rope", "Dr. Smith", "Mr. Jones vs. Mrs. Brown", "jane@example.com",
        "Hello, world! How are you?", "No figures here at all.", "naïve café", "你好 12",
        "It's five o'clock - really?", "Call 911!", "Chapter 3, page 42.", "room 101",
        "the score was 3:2", "World War II", "COVID-19", "He scored 1,000 points in 2023.",
        "9.99", "0.5", "100", "1000000", "2nd", "B2B", "50% off", "[laughter] hi 5",
        "{ brace } 3", "a: b; c 7", "1 apple and 2 pears and 3 plums",
        "The meeting is on March 3, 2026 at 3:05 pm and costs $20.",
    ],
    "zh": [
        "今天是2026年3月3日,气温25.5℃。", "价格是¥12.50", "$12.50", "3:05", "14:30:15",
        "他有12只猫", "电话13812345678", "5km/h", "1/2", "99.9%", "2008-08-08",
        "共465篇,约315万字", "2:1", "a12b", "哪儿123", "hello 5 world", "没有数字。", "-5℃",
        "100元", "3.14", "第21章", "1,234,567人", "10~20", "2023/05/06", "5kg", "16GB",
        "早上8点30分", "编号007", "1000000", "3月", "€99", "下午3:05见", "2个人", "他说5个 6个",
        "比分是3:2", "30%的人", "50公里", "400-888-1234", "+5", "2002年", "90年代", "１２３",
        "气温-10到15度", "x=5", "3x4", "满20减5",
    ],
    "ja": [
        "今日は2026年3月3日です", "気温は25.5℃", "¥1200円", "3:05", "12匹の猫", "1/2", "50%",
        "5kg", "電話は090-1234-5678", "午後3時15分", "$12.50", "数字はない。", "100円", "3.14",
        "第21章", "1,234,567人", "10km", "2023/05/06", "16GB", "-5", "8時30分", "007", "1000000",
        "3月", "€99", "2人", "hello 5 world", "90年代", "１２３", "20歳", "1999年", "10:45",
        "30℃以上", "5個と6個",
    ],
}


def main():
    cases = {}
    for language, texts in TEXTS.items():
        normalizer = Normalizer(lang=language, operator="tn")
        cases[language] = [[text, normalizer.normalize(text)] for text in texts]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
